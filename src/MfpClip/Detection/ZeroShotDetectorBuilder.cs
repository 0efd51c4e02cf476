using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Detection;
using MfpClip.Detection.Composing;
using MfpClip.Detection.Recipes;
using MfpClip.Imaging;
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
using Microsoft.Extensions.Logging;

namespace MfpClip;

/// <summary>
/// Composes a detector: image -> backbone -> prompts -> map and score. Every module has the paper's form as default and can be set by
/// options, replaced by the caller's own object, or switched off.
/// </summary>
/// <remarks>
/// Not safe for concurrent callers. After <see cref="Build"/> it is frozen: objects handed in belong to the detector. Nothing here touches the network.
/// </remarks>
public sealed class ZeroShotDetectorBuilder
{
    private bool _built;

    /// <summary>Starts with MFP-CLIP as given by the paper; a backbone is still needed.</summary>
    public ZeroShotDetectorBuilder()
        : this(new Composition())
    {
    }

    internal ZeroShotDetectorBuilder(Composition composition) => Composition = composition;

    internal Composition Composition { get; private set; }

    /// <summary>Starts with a recipe; what is set afterwards wins.</summary>
    /// <param name="recipe">For example that of another detector, or <see cref="DetectorRecipe.Load"/>.</param>
    /// <param name="registry">What names in it stand for; <see langword="null"/>: <see cref="DetectorRegistry.Default"/>.</param>
    /// <exception cref="DetectorConfigurationException">Lists every name that is not known and every setting that is wrong.</exception>
    public static ZeroShotDetectorBuilder From(DetectorRecipe recipe, DetectorRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return new(RecipeReader.Read(recipe, registry ?? DetectorRegistry.Default));
    }

    /// <summary>
    /// Loads the backbone from a file or folder: a CLIP model (<see cref="ClipBackbone.Load(string, ClipBackboneOptions?, CancellationToken)"/>; the tokenizer
    /// beside it is used, else CLIP's own), this library's small CLIP model, or a DINOv2 model (<see cref="DinoBackbone"/>) for methods that need no text.
    /// </summary>
    /// <param name="path">Weight file, or a folder that holds one.</param>
    /// <param name="options">Configuration overrides. Device and precision are those of <see cref="UseDevice"/> and <see cref="UsePrecision"/>.</param>
    public ZeroShotDetectorBuilder UseBackbone(string path, ClipBackboneOptions? options = null) =>
        Set(c => c with { Backbone = new BackboneChoice.FromFile(path, options ?? new()) });

    /// <summary>
    /// Loads a DINOv2 model as the backbone, with options that the file does not tell; else <see cref="UseBackbone(string, ClipBackboneOptions?)"/> does.
    /// </summary>
    /// <param name="path">The authors' <c>.pth</c>, a Hugging Face <c>model.safetensors</c>, or a folder that holds one.</param>
    /// <param name="options">Heads, position rule, kernels. Device and precision are those of <see cref="UseDevice"/> and <see cref="UsePrecision"/>.</param>
    public ZeroShotDetectorBuilder UseDinoBackbone(string path, DinoBackboneOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Set(c => c with { Backbone = new BackboneChoice.FromFile(path, new(), options) });
    }

    /// <summary>Uses an own backbone. Its device and precision are kept.</summary>
    public ZeroShotDetectorBuilder UseBackbone(IVisionBackbone backbone) => Set(c => c with { Backbone = new BackboneChoice.Given(backbone) });

    /// <summary>Uses a backbone with random weights, for tests and dry runs: it finds nothing.</summary>
    public ZeroShotDetectorBuilder UseRandomBackbone(ClipConfig config, long seed = 0) =>
        Set(c => c with { Backbone = new BackboneChoice.Random(config, seed) });

    /// <summary>Uses a DINOv2 backbone with random weights, for tests and dry runs: it finds nothing.</summary>
    public ZeroShotDetectorBuilder UseRandomDinoBackbone(DinoConfig config, long seed = 0) =>
        Set(c => c with { Backbone = new BackboneChoice.RandomDino(config, seed) });

    /// <summary>
    /// Uses the backbone, the CNN and the trained modules of a model package. A module that is replaced or given other sizes afterwards is
    /// untrained, one that is switched off is off, the others keep their training.
    /// </summary>
    public ZeroShotDetectorBuilder UseModel(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        return Set(c => c with { Backbone = new BackboneChoice.FromPackage(package), Package = package, Cnn = null, ModuleWeights = null, Untrained = false });
    }

    /// <summary>
    /// Sets a whole method: its modules, stages and templates, or its own forward pass, and what it is trained with. What is set afterwards wins.
    /// </summary>
    /// <param name="method">The built-in ones have extension methods of their own: <c>UseWinClip</c>, <c>UseAprilGan</c> and so on.</param>
    public ZeroShotDetectorBuilder UseMethod(IDetectionMethod method)
    {
        ArgumentNullException.ThrowIfNull(method);
        Set(c => c.With(method));
        method.Compose(this);
        return this;
    }

    /// <summary>Sets a method by its id, as configuration and the command line name it.</summary>
    /// <param name="id">For example "winclip".</param>
    /// <param name="seed">Seed of initialization; <see langword="null"/>: the method's own.</param>
    /// <exception cref="DetectorConfigurationException">There is none of that id.</exception>
    public ZeroShotDetectorBuilder UseMethod(string id, long? seed = null) => UseMethod(Composition.Registry.FindMethod(id).Create(seed));

    /// <summary>Sets what is minimised in training, instead of the method's own objective.</summary>
    public ZeroShotDetectorBuilder UseTrainingObjective(ITrainingObjective objective) => Set(c => c with { Objective = objective });

    /// <summary>Uses an own tokenizer instead of the one beside the weights.</summary>
    public ZeroShotDetectorBuilder UseTokenizer(ITokenizer tokenizer) => Set(c => c with { Tokenizer = tokenizer });

    /// <summary>Sets the CNN whose features feed I2TP and SP: a ResNet from a torchvision file, or random if asked for explicitly.</summary>
    public ZeroShotDetectorBuilder UseCnn(ResNetOptions options) => Set(c => c with { Cnn = new CnnChoice.ResNet(options) });

    /// <summary>Sets the CNN whose features feed I2TP and SP: EfficientNet-Lite0, smaller and faster than a ResNet.</summary>
    public ZeroShotDetectorBuilder UseCnn(EfficientNetLiteOptions options) => Set(c => c with { Cnn = new CnnChoice.EfficientNetLite(options) });

    /// <summary>Uses an own CNN.</summary>
    public ZeroShotDetectorBuilder UseCnn(ICnnFeatureExtractor cnn) => Set(c => c with { Cnn = new CnnChoice.Given(cnn) });

    /// <summary>Sets the image-to-text prompt (I2TP).</summary>
    public ZeroShotDetectorBuilder UseImageToTextPrompt(ImageToTextPromptOptions options) => Set(c => c with
    {
        ImageToText = BuiltInModules.ImageToText(options),
    });

    /// <summary>
    /// Learns the words around the states (CoOp, CoCoOp, DenseCLIP) instead of I2TP. The sentences become the states alone;
    /// <see cref="WithPromptTemplates"/> afterwards sets others.
    /// </summary>
    public ZeroShotDetectorBuilder UseLearnedContext(LearnedContextOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Set(c => c with { ImageToText = BuiltInModules.LearnedContext(options), Templates = PromptEnsembles.StatesOnly });
    }

    /// <summary>Uses an own image-to-text prompt, made when the dimensions are known.</summary>
    public ZeroShotDetectorBuilder UseImageToTextPrompt(Func<ModuleDimensions, IImageToTextPrompt> create) =>
        UseImageToTextPrompt(ModuleFactory<IImageToTextPrompt>.Anonymous(create));

    /// <summary>The same under a name and with settings, so that recipes and training know it.</summary>
    public ZeroShotDetectorBuilder UseImageToTextPrompt(ModuleFactory<IImageToTextPrompt> factory) => Set(c => c with { ImageToText = factory });

    /// <summary>Switches I2TP off: templates only, embedded once for each class name.</summary>
    public ZeroShotDetectorBuilder WithoutImageToTextPrompt() => UseImageToTextPrompt(new ImageToTextPromptOptions { Variant = ImageToTextVariant.Off });

    /// <summary>Sets the self prompt (SP).</summary>
    public ZeroShotDetectorBuilder UseSelfPrompt(SelfPromptOptions options) => Set(c => c with { Self = BuiltInModules.Self(options) });

    /// <summary>Uses an own self prompt, made when the dimensions are known.</summary>
    public ZeroShotDetectorBuilder UseSelfPrompt(Func<ModuleDimensions, ISelfPrompt> create) =>
        UseSelfPrompt(ModuleFactory<ISelfPrompt>.Anonymous(create));

    /// <summary>The same under a name and with settings, so that recipes and training know it.</summary>
    public ZeroShotDetectorBuilder UseSelfPrompt(ModuleFactory<ISelfPrompt> factory) => Set(c => c with { Self = factory });

    /// <summary>Switches SP off.</summary>
    public ZeroShotDetectorBuilder WithoutSelfPrompt() => UseSelfPrompt(new SelfPromptOptions { Variant = SelfPromptVariant.Off });

    /// <summary>Uses an own way of running and reading the frozen vision tower, made when the dimensions are known. Default: in stages, with SP.</summary>
    public ZeroShotDetectorBuilder UseVisionEncoder(Func<ModuleDimensions, IVisionEncoder> create) =>
        UseVisionEncoder(ModuleFactory<IVisionEncoder>.Anonymous(create));

    /// <summary>The same under a name and with settings, so that recipes and training know it.</summary>
    public ZeroShotDetectorBuilder UseVisionEncoder(ModuleFactory<IVisionEncoder> factory) => Set(c => c with { Vision = factory });

    /// <summary>Sets the multi-patch feature aggregation (MPFA).</summary>
    public ZeroShotDetectorBuilder UseMultiPatch(MultiPatchOptions options) => Set(c => c with { MultiPatch = BuiltInModules.MultiPatch(options) });

    /// <summary>Uses an own aggregation, made when the dimensions are known.</summary>
    public ZeroShotDetectorBuilder UseMultiPatch(Func<ModuleDimensions, IPatchAggregator> create) =>
        UseMultiPatch(ModuleFactory<IPatchAggregator>.Anonymous(create));

    /// <summary>The same under a name and with settings, so that recipes and training know it.</summary>
    public ZeroShotDetectorBuilder UseMultiPatch(ModuleFactory<IPatchAggregator> factory) => Set(c => c with { MultiPatch = factory });

    /// <summary>Switches the neighbourhood average off (N = 1); the projection stays.</summary>
    public ZeroShotDetectorBuilder WithoutMultiPatch() => UseMultiPatch(new MultiPatchOptions { Neighbourhood = 1 });

    /// <summary>Sets the mask prompt (MP).</summary>
    public ZeroShotDetectorBuilder UseMaskPrompt(MaskPromptOptions options) => Set(c => c with { Mask = BuiltInModules.Mask(options) });

    /// <summary>Uses an own mask prompt, made when the dimensions are known.</summary>
    public ZeroShotDetectorBuilder UseMaskPrompt(Func<ModuleDimensions, IMaskPrompt> create) =>
        UseMaskPrompt(ModuleFactory<IMaskPrompt>.Anonymous(create));

    /// <summary>The same under a name and with settings, so that recipes and training know it.</summary>
    public ZeroShotDetectorBuilder UseMaskPrompt(ModuleFactory<IMaskPrompt> factory) => Set(c => c with { Mask = factory });

    /// <summary>Switches MP off: the coarse map is the map.</summary>
    public ZeroShotDetectorBuilder WithoutMaskPrompt() => UseMaskPrompt(new MaskPromptOptions { Variant = MaskPromptVariant.Off });

    /// <summary>Sets how features and texts become a map.</summary>
    public ZeroShotDetectorBuilder UseAnomalyMap(AnomalyMapOptions options) => Set(c => c with { Map = BuiltInModules.Map(options) });

    /// <summary>Uses an own map generator.</summary>
    public ZeroShotDetectorBuilder UseAnomalyMap(Func<ModuleDimensions, IAnomalyMapGenerator> create) =>
        UseAnomalyMap(ModuleFactory<IAnomalyMapGenerator>.Anonymous(create));

    /// <summary>The same under a name and with settings, so that recipes and training know it.</summary>
    public ZeroShotDetectorBuilder UseAnomalyMap(ModuleFactory<IAnomalyMapGenerator> factory) => Set(c => c with { Map = factory });

    /// <summary>Sets how class token and map become a score.</summary>
    public ZeroShotDetectorBuilder UseAnomalyScore(AnomalyScoreOptions options) => Set(c => c with { Score = BuiltInModules.Score(options) });

    /// <summary>Uses an own scorer.</summary>
    public ZeroShotDetectorBuilder UseAnomalyScore(Func<ModuleDimensions, IAnomalyScorer> create) =>
        UseAnomalyScore(ModuleFactory<IAnomalyScorer>.Anonymous(create));

    /// <summary>The same under a name and with settings, so that recipes and training know it.</summary>
    public ZeroShotDetectorBuilder UseAnomalyScore(ModuleFactory<IAnomalyScorer> factory) => Set(c => c with { Score = factory });

    /// <summary>Cuts the vision tower into equal runs of blocks. Default 4, as given by the paper.</summary>
    public ZeroShotDetectorBuilder WithStages(int count) => Set(c => c with { StageCount = count, Taps = null });

    /// <summary>Taps the vision tower after these numbers of blocks, rising.</summary>
    public ZeroShotDetectorBuilder WithTaps(params IReadOnlyList<int> blocks) => Set(c => c with { StageCount = blocks.Count, Taps = [.. blocks] });

    /// <summary>Sets the sentences of both states.</summary>
    public ZeroShotDetectorBuilder WithPromptTemplates(PromptTemplates templates) => Set(c => c with { Templates = templates });

    /// <summary>Side of the square model input in pixels; a multiple of the patch. Default: 518, or the nearest multiple of the patch.</summary>
    public ZeroShotDetectorBuilder WithImageSize(int pixels) => Set(c => c with { ImageSize = pixels, Preprocessor = null });

    /// <summary>
    /// Runs every image at several sizes and averages maps and scores; any method. Training, references and traces use scale 1.
    /// </summary>
    /// <param name="scales">Sides as fractions of the image size, from 0.25 to 4, with 1 among them; sides are rounded to multiples of the patch. Default: 1
    /// alone.</param>
    public ZeroShotDetectorBuilder WithScales(params IReadOnlyList<double> scales)
    {
        ArgumentNullException.ThrowIfNull(scales);
        return Set(c => c with { Scales = [.. scales] });
    }

    /// <summary>
    /// Cuts images that are larger than a tile into overlapping tiles, each read like an image; their maps are put together. Any method, also with references,
    /// which are cut in the same way. See docs/tiling.md.
    /// </summary>
    /// <param name="options">How; <see langword="null"/>: the tile is chosen from the model's input.</param>
    /// <example><code>builder.WithTiling(new() { SmallestDefect = 0.2, MillimetresPerPixel = 0.05 })</code></example>
    public ZeroShotDetectorBuilder WithTiling(TilingOptions? options = null) => Set(c => c with { Tiling = options ?? new() });

    /// <summary>Reads every image as a whole, whatever a recipe says.</summary>
    public ZeroShotDetectorBuilder WithoutTiling() => Set(c => c with { Tiling = null });

    /// <summary>
    /// Looks at a part of every image only: polygons, a mask image, or the foreground. What is outside has map value 0 and no say in the score, and tiles there
    /// are not computed. A call's own region goes first. See docs/regions.md.
    /// </summary>
    /// <param name="region">Where.</param>
    /// <example><code>builder.WithRegionOfInterest(RegionOfInterestOptions.FromFile("housing.png"))</code></example>
    public ZeroShotDetectorBuilder WithRegionOfInterest(RegionOfInterestOptions region)
    {
        ArgumentNullException.ThrowIfNull(region);
        return Set(c => c with { Region = region });
    }

    /// <summary>Looks at the whole of every image, whatever a recipe says.</summary>
    public ZeroShotDetectorBuilder WithoutRegionOfInterest() => Set(c => c with { Region = null });

    /// <summary>Uses an own way from the image to the model's input.</summary>
    public ZeroShotDetectorBuilder UsePreprocessor(IImagePreprocessor preprocessor) => Set(c => c with { Preprocessor = preprocessor });

    /// <summary>Uses an own image decoder. Default SkiaSharp.</summary>
    public ZeroShotDetectorBuilder UseDecoder(IImageDecoder decoder) => Set(c => c with { Decoder = decoder });

    /// <summary>What an image may cost before it is refused.</summary>
    public ZeroShotDetectorBuilder WithImageLimits(ImageLimits limits) => Set(c => c with { Limits = limits });

    /// <summary>
    /// Loads trained modules, as written by <see cref="ZeroShotDetector.SaveModules"/>, or as a method's authors publish them (recognized by the content).
    /// Strict:
    /// everything must fit.
    /// </summary>
    public ZeroShotDetectorBuilder WithModuleWeights(string path) => Set(c => c with { ModuleWeights = path, Untrained = false });

    /// <summary>Leaves every module at its initialization, a bundled model's too: for training from scratch.</summary>
    public ZeroShotDetectorBuilder WithoutModuleWeights() => Set(c => c with { ModuleWeights = null, Untrained = true });

    /// <summary>
    /// Applies a calibration to every result. It is checked when the detector is built: one that was made with another detector is refused
    /// (<see cref="CalibrationException"/>).
    /// </summary>
    public ZeroShotDetectorBuilder WithCalibration(ScoreCalibration calibration) => Set(c => c with { Calibration = calibration });

    /// <summary>Compares with normal images, too; see <see cref="ZeroShotDetector.WithReferences"/>. They are read when the detector is built.</summary>
    /// <param name="images">At least one.</param>
    /// <param name="options">How they are stored.</param>
    public ZeroShotDetectorBuilder WithReferences(IReadOnlyList<ImageInput> images, ReferenceOptions? options = null) =>
        Set(c => c with { References = new(null, images, options ?? new()) });

    /// <summary>
    /// Joins a method that judges by normal images, with a network and input of its own: its map and score are joined with this one's, each scaled by its own
    /// behaviour on the references, which the detector then needs. The join is this library's own addition.
    /// </summary>
    /// <param name="compose">Sets method and backbone of the other one; device, decoder, limits and logger are this builder's.</param>
    /// <example>
    /// <code>builder.UseDefaultModel().JoinWith(b => b.UseBackbone("dinov2_vits14_pretrain.pth").UseAnomalyDino()).WithReferences(normal)</code>
    /// </example>
    public ZeroShotDetectorBuilder JoinWith(Action<ZeroShotDetectorBuilder> compose)
    {
        ArgumentNullException.ThrowIfNull(compose);
        var other = new ZeroShotDetectorBuilder(new Composition { Registry = Composition.Registry });
        compose(other);
        return Set(c => c with { Joined = other.Composition });
    }

    /// <summary>Compares with the references of a file, as written by <see cref="ZeroShotDetector.SaveReferences"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="weight">Weight of the references against the method's own map and score, 0 to 1; <see langword="null"/>: as the file says.</param>
    public ZeroShotDetectorBuilder WithReferenceFile(string path, double? weight = null) =>
        Set(c => c with { References = new(path, [], new() { Weight = weight }) });

    /// <summary>"cpu", "cuda" or "cuda:N". Default "cpu".</summary>
    public ZeroShotDetectorBuilder UseDevice(string device) => Set(c => c with { Device = device });

    /// <summary>
    /// Precision of the frozen towers: Float32, BFloat16 or Float16. Default Float32. Beside BFloat16 a ResNet and the large products of MPFA and MP
    /// run in bfloat16 too, with float32 sums.
    /// </summary>
    public ZeroShotDetectorBuilder UsePrecision(torch.ScalarType precision) => Set(c => c with { Precision = precision });

    /// <summary>Images in one forward pass at most. Default 4.</summary>
    public ZeroShotDetectorBuilder WithBatchSize(int images) => Set(c => c with { BatchSize = images });

    /// <summary>
    /// Names the detector in metrics and traces, for example by the production line that it serves; hosts name keyed detectors by their key.
    /// </summary>
    /// <param name="name">Not empty.</param>
    public ZeroShotDetectorBuilder WithLine(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Set(c => c with { Line = name });
    }

    /// <summary>Where the detector logs.</summary>
    public ZeroShotDetectorBuilder UseLogger(ILoggerFactory loggers) => Set(c => c with { Logger = loggers.CreateLogger("MfpClip.ZeroShotDetector") });

    /// <summary>Checks everything, loads the weights and composes the detector.</summary>
    /// <exception cref="DetectorConfigurationException">Lists every fault of the composition.</exception>
    /// <exception cref="WeightsException">A weight file cannot be read or does not fit.</exception>
    /// <exception cref="NativeBackendException">The native library does not load.</exception>
    /// <exception cref="CalibrationException">The calibration was made with another detector.</exception>
    /// <exception cref="InvalidOperationException">It was built before.</exception>
    public ZeroShotDetector Build()
    {
        Set(c => c);
        _built = true;
        return DetectorAssembly.Assemble(Composition);
    }

    private ZeroShotDetectorBuilder Set(Func<Composition, Composition> change)
    {
        if (_built)
        {
            throw new InvalidOperationException("This builder has built its detector and is frozen. Start another builder.");
        }

        Composition = change(Composition);
        return this;
    }
}
