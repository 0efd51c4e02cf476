using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Detection.Composing;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.Text;

namespace MfpClip.Detection;

/// <summary>
/// A whole method: what it is, how it composes the pipeline of modules or computes in a pass of its own, what it trains with, and which
/// published checkpoints it knows. The methods of this library are written with it; so can those of any other assembly.
/// </summary>
/// <remarks>
/// Immutable. Set it with <see cref="ZeroShotDetectorBuilder.UseMethod(IDetectionMethod)"/>; give it a name for configuration, recipes and the command line
/// with
/// <see cref="DetectorRegistry.AddMethod{TOptions}"/>.
/// </remarks>
/// <example>
/// <code>
/// public static ZeroShotDetectorBuilder UseMyMethod(this ZeroShotDetectorBuilder builder, MyOptions? options = null) =>
///     builder.UseMethod(new MyMethod(options ?? new()));
/// </code>
/// </example>
public interface IDetectionMethod
{
    /// <summary>What it is.</summary>
    MethodDescription Description { get; }

    /// <summary>Its settings, for recipes: a record that JSON can write and read; <see langword="null"/> where it has none.</summary>
    object? Options => null;

    /// <summary>What it minimises in the pipeline; <see langword="null"/> where nothing is trained or the pass brings its own training.</summary>
    ITrainingObjective? Objective => null;

    /// <summary>Checkpoints as its authors publish them.</summary>
    IReadOnlyList<ICheckpointLayout> Checkpoints => [];

    /// <summary>Every fault of its settings that shows without weights.</summary>
    IEnumerable<string> Faults() => [];

    /// <summary>Sets modules, stages and templates of the pipeline. What the user sets afterwards wins.</summary>
    void Compose(ZeroShotDetectorBuilder builder)
    {
    }

    /// <summary>How a CLIP file or random CLIP weights are loaded for it. Device and precision are set afterwards.</summary>
    /// <param name="options">As the user gave them.</param>
    /// <param name="imageSize">Side of the model input where the user set one.</param>
    ClipBackboneOptions ConfigureBackbone(ClipBackboneOptions options, int? imageSize) => options;

    /// <summary>How a DINOv2 file or random DINOv2 weights are loaded for it. Device and precision are set afterwards.</summary>
    /// <param name="options">As the user gave them; what the user left open is <see langword="null"/>.</param>
    /// <param name="imageSize">Side of the model input where the user set one.</param>
    DinoBackboneOptions ConfigureBackbone(DinoBackboneOptions options, int? imageSize) => options;

    /// <summary>Side of the model input where the user set none; <see langword="null"/>: the library's default.</summary>
    /// <param name="backbone">The loaded backbone; <see langword="null"/> where the method runs on a CNN alone.</param>
    int? DefaultImageSize(IVisionBackbone? backbone) => null;

    /// <summary>How images become its input where the user set no preprocessor; <see langword="null"/>: squeezed to a square.</summary>
    /// <param name="backbone">The loaded backbone; <see langword="null"/> where the method runs on a CNN alone.</param>
    /// <param name="imageSize">Side of the model input: the user's, else <see cref="DefaultImageSize"/>, else the library's default.</param>
    IImagePreprocessor? DefaultPreprocessor(IVisionBackbone? backbone, int imageSize) => null;

    /// <summary>
    /// Makes the pass of a method whose <see cref="MethodDescription.RunsPipeline"/> is <see langword="false"/>. It owns the backbone from then
    /// on; if this throws, the caller disposes the backbone.
    /// </summary>
    /// <exception cref="DetectorConfigurationException">Backbone and settings do not fit.</exception>
    IDetectionPass CreatePass(MethodContext context) =>
        throw new NotSupportedException($"{Description.Name} says that it does not run the pipeline of modules, and makes no pass of its own (CreatePass).");
}

/// <summary>What surrounds the forward pass of a method.</summary>
public sealed record MethodContext
{
    /// <summary>The loaded backbone, with or without a text tower; <see langword="null"/> where the method runs on <see cref="Cnn"/> alone.</summary>
    public required IVisionBackbone? Backbone { get; init; }

    /// <summary>The CNN, on its device; <see langword="null"/> where none was given or the method reads none.</summary>
    public ICnnFeatureExtractor? Cnn { get; init; }

    /// <summary>The tokenizer of the text tower; CLIP's own where there is none.</summary>
    public required ITokenizer Tokenizer { get; init; }

    /// <summary>How images become the model's input.</summary>
    public required InputSettings Input { get; init; }

    /// <summary>Name of the method, for messages.</summary>
    public string Method { get; init; } = "The method";

    /// <summary>Where the backbone came from, for messages.</summary>
    public string BackboneName { get; init; } = "the backbone";

    /// <summary>The backbone.</summary>
    /// <exception cref="DetectorConfigurationException">None was given.</exception>
    public IVisionBackbone RequireBackbone() => Backbone ?? throw new DetectorConfigurationException([CompositionChecks.NoBackbone]);

    /// <summary>The backbone as a CLIP model.</summary>
    /// <exception cref="DetectorConfigurationException">None was given, or it has no text tower; the methods that need none are named.</exception>
    public IClipBackbone RequireClip() => RequireBackbone() is var given && CompositionChecks.AsClip(given) is { } clip ? clip
        : throw new DetectorConfigurationException([CompositionChecks.NoTextTower(Method, BackboneName, given, DetectorRegistry.Default)]);

    /// <summary>The CNN's maps.</summary>
    /// <exception cref="DetectorConfigurationException">No CNN was given, or it offers no maps.</exception>
    public ICnnFeatureMaps RequireCnnMaps() => Cnn is null
        ? throw new DetectorConfigurationException([$"{Method} reads the maps of a CNN, and none was given: name its weights with UseCnn."])
        : Cnn.GetService<ICnnFeatureMaps>() ?? throw new DetectorConfigurationException(
            [$"{Method} reads the maps of a CNN, which {Cnn.GetType().Name} does not offer (ICnnFeatureMaps)."]);
}

/// <summary>What a method is, for lists, configuration and tables.</summary>
/// <param name="Id">Stable id: lower case, digits and hyphens, for example "mfp-clip".</param>
/// <param name="Name">Name as its paper writes it.</param>
/// <param name="Paper">Where it is published, for example "arXiv 2503.12910 v1"; empty where it is not.</param>
public sealed record MethodDescription(string Id, string Name, string Paper = "")
{
    /// <summary>What distinguishes it, in one line.</summary>
    public string Summary { get; init; } = string.Empty;

    /// <summary>Whether it is trained on auxiliary data.</summary>
    public bool IsTrained { get; init; }

    /// <summary>Whether it reads a CNN.</summary>
    public bool ReadsCnn { get; init; }

    /// <summary>Whether it reads class words, so that its backbone must be a CLIP model; else it runs on any backbone's vision tower.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool NeedsText { get; init; } = true;

    /// <summary>Whether it judges by normal images alone and detects nothing without them.</summary>
    public bool NeedsReferences { get; init; }

    /// <summary>
    /// Whether it can also judge images by the tested batch that they belong to, without normal ones (<see cref="ZeroShotDetector.WithTestedBatch"/>).
    /// </summary>
    public bool ComparesBatch { get; init; }

    /// <summary>Whether it needs a backbone; else it can run on a CNN alone (<see cref="ReadsCnn"/>).</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool NeedsBackbone { get; init; } = true;

    /// <summary>Whether sides of the model input must be multiples of the patch; else the tower drops what is left at the right and the bottom.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool NeedsWholePatches { get; init; } = true;

    /// <summary>Whether its forward pass is the pipeline of modules; <see langword="false"/>: it makes a pass of its own.</summary>
    public bool RunsPipeline { get; init; } = true;

    /// <summary>Name with paper, for example "MFP-CLIP (arXiv 2503.12910 v1)".</summary>
    public string FullName => Paper.Length == 0 ? Name : $"{Name} ({Paper})";
}
