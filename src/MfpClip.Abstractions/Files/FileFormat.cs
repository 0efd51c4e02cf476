namespace MfpClip;

/// <summary>What a file is, by its extension and its first bytes.</summary>
internal static class FileFormat
{
    private const int Needed = 16;

    /// <summary>Why a file is not taken; <see langword="null"/> for an image with an extension that the decoder reads.</summary>
    public static SkippedFile? Unread(string path, HashSet<string> extensions)
    {
        string extension = Path.GetExtension(path);
        bool read = extensions.Contains(extension);
        try
        {
            // Pipes and devices have no length, too: opening one could wait for ever.
            if (new FileInfo(path) is var file && (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length == 0)
            {
                return read || ImageFileExtensions.All.Contains(extension, StringComparer.OrdinalIgnoreCase)
                    ? new(path, SkipReason.Empty, "it is empty (0 bytes).") : new(path, SkipReason.NotAnImage, "it is empty.");
            }

            return read ? null
                : ImageFileExtensions.All.Contains(extension, StringComparer.OrdinalIgnoreCase)
                    ? new(path, SkipReason.UnsupportedFormat, $"images of the kind {extension} are not read here; convert it to PNG.")
                : OfContent(path) is { } kind
                    ? new(path, SkipReason.WrongExtension, $"it is a {kind} by its content, but its name does not end so; rename it if it should be read.")
                : new(path, SkipReason.NotAnImage, "it is not an image.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(path, SkipReason.Unreadable, $"it cannot be read ({e.Message}).");
        }
    }

    private static string? OfContent(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[Needed];
        return file.ReadAtLeast(start, Needed, throwOnEndOfStream: false) < Needed ? null : start switch
        {
            [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => "PNG",
            [0xff, 0xd8, 0xff, ..] => "JPEG",
            [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "GIF",
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "WebP",
            [(byte)'I', (byte)'I', 42 or 43, 0, ..] or [(byte)'M', (byte)'M', 0, 42 or 43, ..] => "TIFF",
            [(byte)'B', (byte)'M', _, _, _, _, 0, 0, 0, 0, _, _, 0, 0, _, _] => "BMP",
            [0, 0, 0, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'h' or (byte)'m', (byte)'e' or (byte)'i', ..] => "HEIF",
            [0, 0, 0, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'a', (byte)'v', (byte)'i', ..] => "AVIF",
            _ => null,
        };
    }
}
