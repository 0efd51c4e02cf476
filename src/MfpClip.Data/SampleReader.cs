namespace MfpClip.Data;

/// <summary>Where the defect is: a value for each pixel of an image, row by row from the top.</summary>
public sealed class AnomalyMask
{
    /// <summary>Wraps values without copying them.</summary>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="values">Exactly <c>width * height</c> values; true on the defect.</param>
    public AnomalyMask(int width, int height, bool[] values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(values);
        if (values.LongLength != (long)width * height)
        {
            throw new ArgumentException($"A {width} x {height} mask needs {(long)width * height} values, but {values.LongLength} were given.", nameof(values));
        }

        (Width, Height, Data) = (width, height, values);
    }

    /// <summary>Pixels a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>All values, row by row.</summary>
    public ReadOnlySpan<bool> Values => Data;

    /// <summary>The wrapped array, for code that needs one; treat it as read-only.</summary>
    public bool[] Data { get; }

    /// <summary>A mask of a normal image.</summary>
    public static AnomalyMask Empty(int width, int height) => new(width, height, new bool[checked(width * height)]);
}

/// <summary>An image with its truth, decoded.</summary>
/// <param name="Sample">Where it came from.</param>
/// <param name="Image">Pixels, upright.</param>
/// <param name="Mask">Of the image's size; all false on normal images; <see langword="null"/> where a defect's place is not known.</param>
public sealed record LoadedSample(AnomalySample Sample, RgbImage Image, AnomalyMask? Mask);

/// <summary>Decodes images and masks. Safe for concurrent callers.</summary>
/// <param name="decoder">The same decoder as the detector's, so that both see the same pixels.</param>
/// <param name="limits">What an image may cost.</param>
public sealed class SampleReader(IImageDecoder decoder, ImageLimits? limits = null)
{
    private readonly ImageLimits _limits = limits ?? new();

    /// <summary>Reads an image and its mask. A mask's pixel counts as defect if it is not black, as the field's readers have it.</summary>
    /// <exception cref="DataSetException">A file cannot be read, or image and mask differ in size; names the file.</exception>
    public LoadedSample Load(AnomalySample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var image = Decode(sample.ImagePath);
        if (!sample.IsAnomalous)
        {
            return new(sample, image, AnomalyMask.Empty(image.Width, image.Height));
        }

        if (sample.MaskPath is not { } path)
        {
            return new(sample, image, null);
        }

        var mask = Decode(path);
        if (mask.Width != image.Width || mask.Height != image.Height)
        {
            throw new DataSetException(DataSetFault.SizeMismatch, path,
                $"the mask is {mask.Width} x {mask.Height}, its image '{sample.ImagePath}' {image.Width} x {image.Height}. They must be of one size.");
        }

        var values = new bool[mask.Width * mask.Height];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (mask.Data[3 * i] | mask.Data[(3 * i) + 1] | mask.Data[(3 * i) + 2]) != 0;
        }

        return new(sample, image, new(mask.Width, mask.Height, values));
    }

    private RgbImage Decode(string path)
    {
        try
        {
            return decoder.Decode(File.ReadAllBytes(path), path, _limits);
        }
        catch (Exception e) when (e is ImageDecodeException or IOException or UnauthorizedAccessException)
        {
            throw new DataSetException(DataSetFault.UnreadableImage, path, e is ImageDecodeException ? $"it cannot be decoded: {Reason(e)}"
                : $"it cannot be read ({e.Message}).", e);
        }
    }

    private static string Reason(Exception e) => e.Message[(e.Message.LastIndexOf("': ", StringComparison.Ordinal) is var at and >= 0 ? at + 3 : 0)..];
}
