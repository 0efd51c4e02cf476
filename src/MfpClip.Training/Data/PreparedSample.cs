using MfpClip.Imaging;

namespace MfpClip.Training.Data;

/// <summary>An image and its mask at the model's resolution.</summary>
/// <param name="Pixels">8-bit, <c>size x size</c>.</param>
/// <param name="Mask">1 on the defect, <c>size * size</c>; <see langword="null"/>: unknown.</param>
/// <param name="ClassName">Class name in the prompts.</param>
/// <param name="IsAnomalous">Whether it shows a defect.</param>
internal sealed record PreparedSample(RgbImage Pixels, byte[]? Mask, string ClassName, bool IsAnomalous)
{
    /// <summary>Memory it takes.</summary>
    public long Bytes => Pixels.Data.LongLength + (Mask?.LongLength ?? 0);

    /// <summary>Resizes a decoded image.</summary>
    /// <exception cref="ImageDecodeException">The mask has another size than the image.</exception>
    public static PreparedSample Of(TrainingSample sample, IImagePreprocessor preprocessor)
    {
        var (width, height) = (sample.Image.Width, sample.Image.Height);
        if (sample.Mask is { } given && given.LongLength != (long)width * height)
        {
            throw new ImageDecodeException(
                sample.Name, $"its mask has {given.LongLength} values, the image {width} x {height} pixels. Give a mask of the image's size.");
        }

        if (!preprocessor.IsSquare)
        {
            throw new DetectorConfigurationException(["Training takes square images, which this preprocessor does not give; use SquareResize."]);
        }

        var prepared = preprocessor.Prepare(sample.Image);
        int size = preprocessor.Size;
        byte[]? mask = sample.Mask is { } m ? FloatMaskResize.ToModel(m, width, height, prepared.Covered, size)
            : sample.IsAnomalous ? null : new byte[size * size];
        return new(prepared.Pixels, mask, sample.ClassName, sample.IsAnomalous);
    }
}
