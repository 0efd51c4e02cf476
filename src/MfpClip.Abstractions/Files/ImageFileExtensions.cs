namespace MfpClip;

/// <summary>File name extensions of images, with the dot, in lower case.</summary>
public static class ImageFileExtensions
{
    /// <summary>What a decoder reads that does not say so itself: PNG, JPEG, BMP, GIF and WebP under their usual names.</summary>
    public static IReadOnlyList<string> Common { get; } =
        [".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".pjp", ".bmp", ".dib", ".gif", ".webp"];

    /// <summary>
    /// What is called an image by its name, whether or not a decoder reads it. A file of one of these that the decoder does not read is named in
    /// <see cref="ImageSearchResult.Skipped"/>.
    /// </summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Common, ".apng", ".ico", ".cur", ".wbmp", ".tif", ".tiff", ".btf", ".tga", ".vda", ".icb", ".vst", ".pbm", ".pgm", ".ppm", ".pnm", ".pam", ".pfm",
        ".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".jpf", ".jpx", ".jpm", ".psd", ".exr", ".hdr", ".svg", ".dng", ".cr2", ".cr3", ".nef",
        ".arw", ".orf", ".rw2", ".raf", ".dcm", ".qoi", ".pcx", ".sgi", ".ras", ".xbm", ".xpm",
    ];
}
