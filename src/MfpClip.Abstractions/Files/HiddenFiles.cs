namespace MfpClip;

/// <summary>What operating systems and tools leave in folders, for themselves.</summary>
internal static class HiddenFiles
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information",
        "lost+found", "Icon\r",
    };

    // The attribute of Windows and macOS; on Linux .NET sets it for names with a dot first.
    public static bool Contains(FileSystemInfo entry) =>
        entry.Name.StartsWith('.') || Names.Contains(entry.Name) || ((int)entry.Attributes != -1 && entry.Attributes.HasFlag(FileAttributes.Hidden));
}
