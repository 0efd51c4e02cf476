namespace MfpClip.Imaging;

/// <summary>How an image becomes the model's input: decoder, preprocessor and what an image may cost.</summary>
public sealed record InputSettings
{
    /// <summary>Decodes files, streams and bytes.</summary>
    public required IImageDecoder Decoder { get; init; }

    /// <summary>Brings the image to the model's size.</summary>
    public required IImagePreprocessor Preprocessor { get; init; }

    /// <summary>What an image may cost before it is refused.</summary>
    public required ImageLimits Limits { get; init; }

    /// <summary>Decodes within the limits.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read, or costs more than it may.</exception>
    public RgbImage Decode(ImageInput image) => ImageReader.Read(image, Decoder, Limits);

    // 518 as given by the paper; patches of 16 or 32 pixels do not divide it.
    internal static int DefaultSize(int patch) => Math.Max((int)Math.Round(518.0 / patch), 1) * patch;
}
