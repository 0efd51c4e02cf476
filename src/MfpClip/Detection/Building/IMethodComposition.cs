using MfpClip.Backbones;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.Text;

namespace MfpClip.Detection.Building;

/// <summary>A method that does not run the one pipeline but brings its own forward pass; a preset of the builder.</summary>
internal interface IMethodComposition
{
    /// <summary>Name, for messages.</summary>
    string Name { get; }

    /// <summary>Every fault of its options that shows without the weights.</summary>
    IEnumerable<string> Faults();

    /// <summary>Side of the model input where the caller named none.</summary>
    int DefaultImageSize(IClipBackbone backbone);

    /// <summary>Makes the pass, which then owns the backbone.</summary>
    IDetectionPass Create(MethodContext context);
}

/// <summary>What surrounds the forward pass of a method.</summary>
internal sealed record MethodContext
{
    public required IClipBackbone Backbone { get; init; }

    public required ITokenizer Tokenizer { get; init; }

    public required IImagePreprocessor Preprocessor { get; init; }

    public required IImageDecoder Decoder { get; init; }

    public required ImageLimits Limits { get; init; }
}
