namespace MfpClip.Imaging;

/// <summary>Gets the pixels of an <see cref="ImageInput"/>, whichever form it has.</summary>
internal static class ImageReader
{
    /// <exception cref="ImageDecodeException">The image cannot be read, or exceeds the limits.</exception>
    public static RgbImage Read(ImageInput input, IImageDecoder decoder, ImageLimits limits)
    {
        if (input.Pixels is { } pixels)
        {
            return (long)pixels.Width * pixels.Height <= limits.MaximumPixels ? NotHairThin(pixels, input.Name, limits) : throw new ImageDecodeException(
                input.Name, $"it has {pixels.Width} x {pixels.Height} pixels, more than the limit of {limits.MaximumPixels} (ImageLimits.MaximumPixels).");
        }

        try
        {
            return NotHairThin(decoder.Decode(Bytes(input, limits), input.Name, limits), input.Name, limits);
        }
        catch (Exception e) when (UnreadableFile.Is(e))
        {
            throw UnreadableFile.Error(input.Name, input.Path, e);
        }
    }

    /// <summary>Refuses a hair-thin image.</summary>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="source">Its name.</param>
    /// <param name="limits">What it may cost.</param>
    /// <exception cref="ImageDecodeException">It is one.</exception>
    public static void CheckSides(int width, int height, string source, ImageLimits limits)
    {
        if (Math.Max(width, height) > Math.Min(width, height) * limits.MaximumSideRatio)
        {
            throw new ImageDecodeException(source, $"it has {width} x {height} pixels: one side is more than "
                + FormattableString.Invariant($"{limits.MaximumSideRatio} times the other (ImageLimits.MaximumSideRatio). Cut it into parts."));
        }
    }

    private static RgbImage NotHairThin(RgbImage image, string source, ImageLimits limits)
    {
        CheckSides(image.Width, image.Height, source, limits);
        return image;
    }

    /// <summary>Opens an image for reading by rows.</summary>
    /// <returns>The reader; <see langword="null"/> where the input is no file, or it or the decoder gives no rows: <see cref="Read"/> it whole then.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read, or exceeds the limits.</exception>
    public static IImageRowReader? OpenRows(ImageInput input, IImageDecoder decoder, RowLimits limits)
    {
        if (input.Path is not { } path || decoder is not IImageRowDecoder rows)
        {
            return null;
        }

        try
        {
            return rows.OpenRows(path, limits);
        }
        catch (Exception e) when (UnreadableFile.Is(e))
        {
            throw UnreadableFile.Error(input.Name, input.Path, e);
        }
    }

    /// <summary>Opens an image for reading by rows where it is too large to be decoded as a whole (<see cref="TilingOptions.MaximumImageBytes"/>).</summary>
    /// <returns>The reader, the caller's own; <see langword="null"/>: <see cref="Read"/> it whole.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read, or exceeds the limits.</exception>
    public static IImageRowReader? OpenRowsOfLarge(ImageInput input, IImageDecoder decoder, TilingOptions tiling)
    {
        var rows = OpenRows(input, decoder, tiling.Rows);
        if (rows is null || (long)rows.Width * rows.Height * 3 > tiling.MaximumImageBytes)
        {
            return rows;
        }

        rows.Dispose();
        return null;
    }

    private static ReadOnlyMemory<byte> Bytes(ImageInput input, ImageLimits limits)
    {
        if (input.Bytes is { } bytes)
        {
            return bytes;
        }

        using var file = input.Path is { } path ? File.OpenRead(path) : null;
        var stream = file ?? input.Stream ?? throw new ImageDecodeException(input.Name, "it has no content.");
        using var memory = new MemoryStream();
        var buffer = new byte[81920];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            memory.Write(buffer, 0, read);
            if (memory.Length > limits.MaximumBytes)
            {
                throw new ImageDecodeException(input.Name, $"it has more than {limits.MaximumBytes} bytes (ImageLimits.MaximumBytes).");
            }
        }

        return memory.GetBuffer().AsMemory(0, (int)memory.Length);
    }
}
