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

    /// <summary>Before any row is allocated: a small file can declare a huge image.</summary>
    /// <param name="width">Declared pixels a row.</param>
    /// <param name="height">Declared rows.</param>
    /// <param name="source">Name in errors.</param>
    /// <param name="limits">The limits.</param>
    /// <exception cref="ImageDecodeException">A side is below 1, or there are more pixels than allowed.</exception>
    public static void CheckSize(long width, long height, string source, RowLimits limits)
    {
        if (width < 1 || height < 1)
        {
            throw new ImageDecodeException(source, $"its size is {width} x {height}.");
        }

        // A row of RGB must fit into an array, so must the number of rows into an int.
        if (width > int.MaxValue / 4 || height > int.MaxValue || width * height > limits.MaximumPixels)
        {
            throw new ImageDecodeException(source,
                $"it declares {width} x {height} pixels, more than the limit of {limits.MaximumPixels} (RowLimits.MaximumPixels).");
        }
    }

    /// <summary>Before anything is allocated that a file declares.</summary>
    /// <param name="bytes">What the decoder would hold.</param>
    /// <param name="what">What that is, and what to do instead of raising the limit.</param>
    /// <param name="source">Name in errors.</param>
    /// <param name="limits">The limits.</param>
    /// <exception cref="ImageDecodeException">It is more than allowed.</exception>
    public static void CheckMemory(double bytes, string what, string source, RowLimits limits)
    {
        if (bytes > limits.MaximumMemory)
        {
            throw new ImageDecodeException(source, $"reading it by rows needs {bytes / (1 << 20):0} MiB at once, more than the limit of "
                + $"{limits.MaximumMemory / (1 << 20)} MiB (RowLimits.MaximumMemory): {what}, or raise the limit.");
        }
    }

    /// <summary>The error of a file that ends before its image does.</summary>
    public static ImageDecodeException Truncated(string source) => new(source, "it is truncated: the file ends before the image does.");

    /// <summary>The error of a file whose content contradicts its format.</summary>
    public static ImageDecodeException Damaged(string source, string what, Exception? inner = null) =>
        new(source, $"its pixels cannot be decoded ({what}); the file is damaged.", inner);
}
