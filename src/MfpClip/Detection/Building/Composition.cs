using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Imaging;
using MfpClip.Kernels;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;
using MfpClip.Pipeline;
using MfpClip.References;
using MfpClip.Text;
using MfpClip.Weights;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Detection.Building;

/// <summary>What a builder was told.</summary>
internal sealed class Composition
{
    public string? BackbonePath { get; set; }

    public ClipBackboneOptions? BackboneOptions { get; set; }

    public IClipBackbone? GivenBackbone { get; set; }

    public Func<BackboneDemands, IClipBackbone>? Backbone { get; set; }

    /// <summary>Set by presets of methods that prescribe it.</summary>
    public PositionInterpolation? Interpolation { get; set; }

    /// <summary>Set by presets of methods that run a tower with another activation than it was trained with.</summary>
    public Func<ClipConfig, MlpActivation>? RunWith { get; set; }

    /// <summary>This library's own method.</summary>
    public const string MfpClip = "MFP-CLIP (arXiv 2503.12910 v1)";

    /// <summary>Name of the method with its paper.</summary>
    public string Method { get; set; } = MfpClip;

    /// <summary>What training minimises, and with which recipe.</summary>
    public ITrainingObjective Objective { get; set; } = new MfpClipObjective();

    public ITokenizer? Tokenizer { get; set; }

    /// <summary>A method with a forward pass of its own; <see langword="null"/>: the one pipeline with the modules below.</summary>
    public IMethodComposition? OwnMethod { get; set; }

    public ResNetOptions? CnnOptions { get; set; }

    public EfficientNetLiteOptions? EfficientNetOptions { get; set; }

    public ICnnFeatureExtractor? Cnn { get; set; }

    /// <summary>A CNN and trained modules that a package carries. Modules set otherwise than they were trained stay untrained.</summary>
    public BundledModel? Bundled { get; set; }

    /// <summary>Whether modules that a bundled model brings stay at their starting values.</summary>
    public bool LeavesModulesUntrained { get; set; }

    public ModuleChoice<ImageToTextPromptOptions, IImageToTextPrompt> ImageToText { get; } = new(new(), ImageToTextPrompt.Create, (o, d) => o.Faults(d));

    public ModuleChoice<SelfPromptOptions, ISelfPrompt> Self { get; } = new(new(), SelfPrompt.Create, (o, d) => o.Faults(d));

    public ModuleChoice<VisionDefault, IVisionEncoder> Vision { get; } = new(new(), (_, _) => new StagedVisionEncoder(), (_, _) => []);

    public ModuleChoice<MultiPatchOptions, IPatchAggregator> MultiPatch { get; } = new(new(), MultiPatchAggregator.Create, (o, _) => o.Faults());

    public ModuleChoice<MaskPromptOptions, IMaskPrompt> Mask { get; } = new(new(), MaskPrompt.Create, (o, d) => o.Faults(d));

    public ModuleChoice<AnomalyMapOptions, IAnomalyMapGenerator> Map { get; } = new(new(), (o, _) => new AnomalyMapGenerator(o), (o, d) => o.Faults(d.Stages));

    public ModuleChoice<AnomalyScoreOptions, IAnomalyScorer> Score { get; } = new(new(), (o, _) => new AnomalyScorer(o), (o, _) => o.Faults());

    public int StageCount { get; set; } = 4;

    public IReadOnlyList<int>? Taps { get; set; }

    public PromptTemplates Templates { get; set; } = PromptTemplates.Paper;

    public int? ImageSize { get; set; }

    /// <summary>Sides at which an image is looked at, as shares of the image size.</summary>
    public IReadOnlyList<double> Scales { get; set; } = [1];

    public IImagePreprocessor? Preprocessor { get; set; }

    public IImageDecoder Decoder { get; set; } = new SkiaImageDecoder();

    public ImageLimits Limits { get; set; } = new();

    public string? ModuleWeights { get; set; }

    public IReadOnlyList<ImageInput>? References { get; set; }

    public References.ReferenceOptions ReferenceOptions { get; set; } = new();

    public string? ReferenceFile { get; set; }

    public ScoreCalibration? Calibration { get; set; }

    public string Device { get; set; } = "cpu";

    public ScalarType Precision { get; set; } = ScalarType.Float32;

    public int BatchSize { get; set; } = 4;

    public ILogger Logger { get; set; } = NullLogger.Instance;
}

/// <summary>The staged encoder has no options.</summary>
internal sealed record VisionDefault;

/// <summary>A module's options, or the caller's own way to make it.</summary>
internal sealed class ModuleChoice<TOptions, TModule>(
    TOptions options, Func<TOptions, ModuleDimensions, TModule> create, Func<TOptions, ModuleDimensions, IEnumerable<string>> faults)
    where TModule : class, IDetectorModule
{
    private TOptions _options = options;
    private Func<ModuleDimensions, TModule>? _own;
    private Func<ModuleDimensions, IEnumerable<string>> _ownFaults = _ => [];

    public void Set(TOptions chosen) => (_options, _own) = (chosen ?? throw new ArgumentNullException(nameof(chosen)), null);

    public void Set(Func<ModuleDimensions, TModule> own) => Set(own, _ => []);

    public void Set(Func<ModuleDimensions, TModule> own, Func<ModuleDimensions, IEnumerable<string>> faults) =>
        (_own, _ownFaults) = (own ?? throw new ArgumentNullException(nameof(own)), faults);

    /// <summary>Back to the built-in module with the options set last.</summary>
    public void Reset() => _own = null;

    public IEnumerable<string> Faults(ModuleDimensions dimensions) => _own is null ? faults(_options, dimensions) : _ownFaults(dimensions);

    public TModule Create(ModuleDimensions dimensions) => _own is null
        ? create(_options, dimensions)
        : _own(dimensions) ?? throw new DetectorConfigurationException([$"The given function made no {typeof(TModule).Name} (it returned null)."]);
}

/// <summary>Weights that a package carries.</summary>
/// <param name="Name">Name for descriptions.</param>
/// <param name="Backbone">Opens the file of the backbone, which also holds the CNN.</param>
/// <param name="Modules">Opens the file of the trained modules.</param>
internal sealed record BundledModel(string Name, Func<IWeightFile> Backbone, Func<IWeightFile> Modules);
