namespace MfpClip.Imaging;

/// <summary>Why an image file cannot be opened or read, in words.</summary>
internal static class UnreadableFile
{
    /// <summary>Whether an exception says that a file cannot be opened or read.</summary>
    public static bool Is(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException;

    /// <param name="name">How the image is called.</param>
    /// <param name="path">Its file; <see langword="null"/> where it comes from elsewhere.</param>
    /// <param name="e">What was thrown.</param>
    public static ImageDecodeException Error(string name, string? path, Exception e) => new(
        name,
        e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file."
        : path is not null && Directory.Exists(path) ? "it is a folder, not an image file." : $"it cannot be read ({e.Message})",
        e);
}
