namespace MfpClip.Imaging.Rows;

/// <summary>Opens image files by rows, by what their first bytes say.</summary>
internal static class ImageFileRows
{
    /// <returns>The reader; <see langword="null"/> where the image must be decoded whole.</returns>
    /// <exception cref="ImageDecodeException">The file cannot be read, is damaged, or is beyond the limits.</exception>
    public static IImageRowReader? Open(string path, RowLimits limits)
    {
        FileStream? file = null;
        IImageRowReader? rows = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            Span<byte> start = stackalloc byte[8];
            start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            if (start.IsEmpty)
            {
                throw new ImageDecodeException(path, "it is empty (0 bytes).");
            }

            file.Position = 0;
            rows = start.SequenceEqual(PngHeader.Signature) ? PngRows.Open(file, path, limits)
                : start.StartsWith(JpegFrame.Start) ? JpegRows.Open(file, path, limits)
                : start.StartsWith("BM"u8) ? BitmapRows.Open(file, path, limits)
                : null;
            return rows;
        }
        catch (Exception e) when (UnreadableFile.Is(e))
        {
            throw UnreadableFile.Error(path, path, e);
        }
        finally
        {
            if (rows is null)
            {
                file?.Dispose();
            }
        }
    }
}
