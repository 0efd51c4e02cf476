using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;
using MfpClip.Pipeline;
using MfpClip.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Detection.Composing;

/// <summary>What a builder was given, as one immutable value.</summary>
internal sealed record Composition
{
    /// <summary>The method of a builder that was given none.</summary>
    public const string DefaultMethod = "mfp-clip";

    /// <summary>Where names stand for methods and modules.</summary>
    public DetectorRegistry Registry { get; init; } = DetectorRegistry.Default;

    /// <summary>The method; <see langword="null"/>: <see cref="DefaultMethod"/>, whose modules are the slots' defaults.</summary>
    public IDetectionMethod? Method { get; init; }

    /// <summary>What is minimised instead of the method's objective.</summary>
    public ITrainingObjective? Objective { get; init; }

    public BackboneChoice? Backbone { get; init; }

    /// <summary>Where CNN and modules come from unless others are set; modules only where the backbone is the package's too.</summary>
    public ModelPackage? Package { get; init; }

    public CnnChoice? Cnn { get; init; }

    public ITokenizer? Tokenizer { get; init; }

    public ModuleFactory<IImageToTextPrompt> ImageToText { get; init; } = BuiltInModules.ImageToText(new());

    public ModuleFactory<ISelfPrompt> Self { get; init; } = BuiltInModules.Self(new());

    public ModuleFactory<IVisionEncoder> Vision { get; init; } = BuiltInModules.Vision;

    public ModuleFactory<IPatchAggregator> MultiPatch { get; init; } = BuiltInModules.MultiPatch(new());

    public ModuleFactory<IMaskPrompt> Mask { get; init; } = BuiltInModules.Mask(new());

    public ModuleFactory<IAnomalyMapGenerator> Map { get; init; } = BuiltInModules.Map(new());

    public ModuleFactory<IAnomalyScorer> Score { get; init; } = BuiltInModules.Score(new());

    public int StageCount { get; init; } = 4;

    public IReadOnlyList<int>? Taps { get; init; }

    public PromptTemplates Templates { get; init; } = PromptTemplates.Paper;

    public int? ImageSize { get; init; }

    public IReadOnlyList<double> Scales { get; init; } = [1];

    public IImagePreprocessor? Preprocessor { get; init; }

    /// <summary>How large images are cut into tiles; <see langword="null"/>: every image is read as a whole.</summary>
    public TilingOptions? Tiling { get; init; }

    /// <summary>Where to look in every image; <see langword="null"/>: everywhere.</summary>
    public RegionOfInterestOptions? Region { get; init; }

    public IImageDecoder Decoder { get; init; } = new SkiaImageDecoder();

    public ImageLimits Limits { get; init; } = new();

    /// <summary>What metrics and traces call the detector.</summary>
    public string? Line { get; init; }

    public string? ModuleWeights { get; init; }

    /// <summary>Leaves modules at their initialization, those of a package too.</summary>
    public bool Untrained { get; init; }

    public ReferenceChoice? References { get; init; }

    /// <summary>The composition of a method beside this one that judges by normal images; <see langword="null"/>: none.</summary>
    public Composition? Joined { get; init; }

    public ScoreCalibration? Calibration { get; init; }

    public string Device { get; init; } = "cpu";

    public ScalarType Precision { get; init; } = ScalarType.Float32;

    public int BatchSize { get; init; } = 4;

    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The same with another method, and everything that methods set as it is without one.</summary>
    public Composition With(IDetectionMethod method)
    {
        var none = new Composition();
        return this with
        {
            Method = method, Objective = null, ImageToText = none.ImageToText, Self = none.Self, Vision = none.Vision,
            MultiPatch = none.MultiPatch, Mask = none.Mask,
            Map = none.Map, Score = none.Score, StageCount = none.StageCount, Taps = none.Taps, Templates = none.Templates,
        };
    }

    /// <summary>The method, also where the builder was given none.</summary>
    public IDetectionMethod ResolveMethod() => Method ?? Registry.FindMethod(DefaultMethod).Create();

    /// <summary>Every fault of the modules' settings.</summary>
    public IEnumerable<string> ModuleFaults(ModuleDimensions d) =>
        [.. ImageToText.Faults(d), .. Self.Faults(d), .. Vision.Faults(d), .. MultiPatch.Faults(d), .. Mask.Faults(d), .. Map.Faults(d), .. Score.Faults(d)];
}
