namespace MfpClip.References;

/// <summary>The reference images of a folder.</summary>
internal static class ReferenceFolder
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif"];

    /// <summary>Every image in the folder and its sub-folders, in ordinal order.</summary>
    public static IReadOnlyList<ImageInput> Images(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(f => Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).Select(ImageInput.FromFile)];
}
