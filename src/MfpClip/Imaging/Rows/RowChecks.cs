namespace MfpClip.Imaging.Rows;

/// <summary>What is checked of a file before rows are read, and its errors.</summary>
internal static class RowChecks
{
    /// <summary>Before any row is allocated: a small file can declare a huge image.</summary>
    /// <param name="width">Declared pixels a row.</param>
    /// <param name="height">Declared rows.</param>
    /// <param name="source">Name in errors.</param>
    /// <param name="limits">The limits.</param>
    /// <exception cref="ImageDecodeException">A side is below 1, or there are more pixels than allowed.</exception>
    public static void Size(long width, long height, string source, RowLimits limits)
    {
        if (width < 1 || height < 1)
        {
            throw new ImageDecodeException(source, $"its size is {width} x {height}.");
        }

        // A row of RGB must fit into an array, the number of rows into an int.
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
    public static void Memory(double bytes, string what, string source, RowLimits limits)
    {
        if (bytes > limits.MaximumMemory)
        {
            throw new ImageDecodeException(source, $"reading it by rows needs {(long)Math.Ceiling(bytes / (1 << 20))} MiB at once, more than the limit of "
                + $"{limits.MaximumMemory / (1 << 20)} MiB (RowLimits.MaximumMemory): {what}, or raise the limit.");
        }
    }

    /// <summary>The error of a file that ends before its image does.</summary>
    public static ImageDecodeException Truncated(string source) => new(source, "it is truncated: the file ends before the image does.");

    /// <summary>The error of a file whose content contradicts its format.</summary>
    public static ImageDecodeException Damaged(string source, string what, Exception? inner = null) =>
        new(source, $"its pixels cannot be decoded ({what}); the file is damaged.", inner);
}
