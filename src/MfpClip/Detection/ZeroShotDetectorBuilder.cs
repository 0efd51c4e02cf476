using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Detection.Building;
using MfpClip.Imaging;
using MfpClip.Methods.AdaClip;
using MfpClip.Methods.AnomalyClip;
using MfpClip.Methods.AprilGan;
using MfpClip.Methods.WinClip;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;
using MfpClip.Native;
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
    private readonly Composition _composition = new();
    private bool _built;

    /// <summary>Loads the backbone from a file or folder; see <see cref="ClipBackbone.Load(string, ClipBackboneOptions?, CancellationToken)"/>. The tokenizer beside it is used, else CLIP's own.</summary>
    /// <param name="path">Weight file, or a folder that holds one.</param>
    /// <param name="options">Configuration overrides. Device and precision are those of <see cref="UseDevice"/> and <see cref="UsePrecision"/>.</param>
    public ZeroShotDetectorBuilder UseBackbone(string path, ClipBackboneOptions? options = null) =>
        Set(c => (c.BackbonePath, c.Backbone, c.BackboneOptions) = (path, d => BackboneFile.Load(path, d.Apply(options)), options));

    /// <summary>Uses an own backbone. Its device and number format are kept.</summary>
    public ZeroShotDetectorBuilder UseBackbone(IClipBackbone backbone) => Set(c => (c.BackbonePath, c.Backbone, c.GivenBackbone) = (null, _ => backbone, backbone));

    /// <summary>Uses a backbone with random weights, for tests and dry runs: it finds nothing.</summary>
    public ZeroShotDetectorBuilder UseRandomBackbone(ClipConfig config, long seed = 0) =>
        Set(c => (c.BackbonePath, c.Backbone, c.GivenBackbone) = (null, d => ClipBackbone.CreateRandom(config, seed, d.Apply(null)), null));

    /// <summary>
    /// Makes this WinCLIP, or WinCLIP+ where the options name reference images. It runs a forward pass of its own: modules set for the
    /// pipeline are not used.
    /// </summary>
    public ZeroShotDetectorBuilder UseWinClip(WinClipOptions? options = null) => Set(c => c.OwnMethod = new WinClipComposition(options ?? new()));

    /// <summary>
    /// Makes this APRIL-GAN: sets templates, layers, modules, map and score to those of its authors' code. Options set afterwards win. Its
    /// published linear layers, or those that this library trained, go to <see cref="WithModuleWeights"/>.
    /// </summary>
    public ZeroShotDetectorBuilder UseAprilGan(AprilGanOptions? options = null) => Set(c => AprilGanPreset.Apply(c, options ?? new()));

    /// <summary>Uses an own tokenizer instead of the one beside the weights.</summary>
    public ZeroShotDetectorBuilder UseTokenizer(ITokenizer tokenizer) => Set(c => c.Tokenizer = tokenizer);

    /// <summary>Sets the CNN whose features feed I2TP and SP: a ResNet from a torchvision file, or random if asked for explicitly.</summary>
    public ZeroShotDetectorBuilder UseCnn(ResNetOptions options) => Set(c => (c.CnnOptions, c.EfficientNetOptions, c.Cnn) = (options, null, null));

    /// <summary>Sets the CNN whose features feed I2TP and SP: EfficientNet-Lite0, smaller and faster than a ResNet.</summary>
    public ZeroShotDetectorBuilder UseCnn(EfficientNetLiteOptions options) => Set(c => (c.CnnOptions, c.EfficientNetOptions, c.Cnn) = (null, options, null));

    /// <summary>Uses an own CNN.</summary>
    public ZeroShotDetectorBuilder UseCnn(ICnnFeatureExtractor cnn) => Set(c => (c.CnnOptions, c.EfficientNetOptions, c.Cnn) = (null, null, cnn));

    /// <summary>Sets the image-to-text prompt (I2TP).</summary>
    public ZeroShotDetectorBuilder UseImageToTextPrompt(ImageToTextPromptOptions options) => Set(c => c.ImageToText.Set(options));

    /// <summary>
    /// Learns the words around the states (CoOp, CoCoOp, DenseCLIP) in the place of I2TP. The sentences become the states alone;
    /// <see cref="WithPromptTemplates"/> afterwards sets others.
    /// </summary>
    public ZeroShotDetectorBuilder UseLearnedContext(LearnedContextOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Set(c =>
        {
            c.ImageToText.Set(d => LearnedContext.Create(options, d));
            c.Templates = PromptEnsembles.StatesOnly;
        });
    }

    /// <summary>Uses an own image-to-text prompt, made when the dimensions are known.</summary>
    public ZeroShotDetectorBuilder UseImageToTextPrompt(Func<ModuleDimensions, IImageToTextPrompt> create) => Set(c => c.ImageToText.Set(create));

    /// <summary>Switches I2TP off: templates only, embedded once for each class name.</summary>
    public ZeroShotDetectorBuilder WithoutImageToTextPrompt() => UseImageToTextPrompt(new ImageToTextPromptOptions { Variant = ImageToTextVariant.Off });

    /// <summary>Sets the self prompt (SP).</summary>
    public ZeroShotDetectorBuilder UseSelfPrompt(SelfPromptOptions options) => Set(c => c.Self.Set(options));

    /// <summary>Uses an own self prompt, made when the dimensions are known.</summary>
    public ZeroShotDetectorBuilder UseSelfPrompt(Func<ModuleDimensions, ISelfPrompt> create) => Set(c => c.Self.Set(create));

    /// <summary>Switches SP off.</summary>
    public ZeroShotDetectorBuilder WithoutSelfPrompt() => UseSelfPrompt(new SelfPromptOptions { Variant = SelfPromptVariant.Off });

    /// <summary>Uses an own way of running and reading the frozen vision tower, made when the dimensions are known. Default: in stages, with SP.</summary>
    public ZeroShotDetectorBuilder UseVisionEncoder(Func<ModuleDimensions, IVisionEncoder> create) => Set(c => c.Vision.Set(create));

    /// <summary>Sets the multi-patch feature aggregation (MPFA).</summary>
    public ZeroShotDetectorBuilder UseMultiPatch(MultiPatchOptions options) => Set(c => c.MultiPatch.Set(options));

    /// <summary>Uses an own aggregation, made when the dimensions are known.</summary>
    public ZeroShotDetectorBuilder UseMultiPatch(Func<ModuleDimensions, IPatchAggregator> create) => Set(c => c.MultiPatch.Set(create));

    /// <summary>Switches the neighbourhood average off (N = 1); the projection stays.</summary>
    public ZeroShotDetectorBuilder WithoutMultiPatch() => UseMultiPatch(new MultiPatchOptions { Neighbourhood = 1 });

    /// <summary>Sets the mask prompt (MP).</summary>
    public ZeroShotDetectorBuilder UseMaskPrompt(MaskPromptOptions options) => Set(c => c.Mask.Set(options));

    /// <summary>Uses an own mask prompt, made when the dimensions are known.</summary>
    public ZeroShotDetectorBuilder UseMaskPrompt(Func<ModuleDimensions, IMaskPrompt> create) => Set(c => c.Mask.Set(create));

    /// <summary>Switches MP off: the coarse map is the map.</summary>
    public ZeroShotDetectorBuilder WithoutMaskPrompt() => UseMaskPrompt(new MaskPromptOptions { Variant = MaskPromptVariant.Off });

    /// <summary>Sets how features and texts become a map.</summary>
    public ZeroShotDetectorBuilder UseAnomalyMap(AnomalyMapOptions options) => Set(c => c.Map.Set(options));

    /// <summary>Uses an own map generator.</summary>
    public ZeroShotDetectorBuilder UseAnomalyMap(Func<ModuleDimensions, IAnomalyMapGenerator> create) => Set(c => c.Map.Set(create));

    /// <summary>Sets how class token and map become a score.</summary>
    public ZeroShotDetectorBuilder UseAnomalyScore(AnomalyScoreOptions options) => Set(c => c.Score.Set(options));

    /// <summary>Uses an own scorer.</summary>
    public ZeroShotDetectorBuilder UseAnomalyScore(Func<ModuleDimensions, IAnomalyScorer> create) => Set(c => c.Score.Set(create));

    /// <summary>
    /// Composes AnomalyCLIP (arXiv 2310.18961): sets text prompts, vision encoder, aggregation, map and score, and switches SP and MP off.
    /// Parts set afterwards take the place of its own.
    /// </summary>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    public ZeroShotDetectorBuilder UseAnomalyClip(AnomalyClipOptions? options = null) => Set(c => AnomalyClipComposition.Apply(c, options ?? new()));

    /// <summary>
    /// Composes AdaCLIP (arXiv 2407.15795): sets text prompts, sentences, vision encoder, aggregation, map and score, and switches SP and MP
    /// off. Parts set afterwards take the place of its own.
    /// </summary>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    public ZeroShotDetectorBuilder UseAdaClip(AdaClipOptions? options = null) => Set(c => AdaClipComposition.Apply(c, options ?? new()));

    /// <summary>Cuts the vision tower into equal runs of blocks. Default 4, as given by the paper.</summary>
    public ZeroShotDetectorBuilder WithStages(int count) => Set(c => (c.StageCount, c.Taps) = (count, null));

    /// <summary>Taps the vision tower after these numbers of blocks, rising.</summary>
    public ZeroShotDetectorBuilder WithTaps(params IReadOnlyList<int> blocks) => Set(c => (c.StageCount, c.Taps) = (blocks.Count, [.. blocks]));

    /// <summary>Sets the sentences of both states.</summary>
    public ZeroShotDetectorBuilder WithPromptTemplates(PromptTemplates templates) => Set(c => c.Templates = templates);

    /// <summary>Side of the square model input in pixels; a multiple of the patch. Default: 518, or the nearest multiple of the patch.</summary>
    public ZeroShotDetectorBuilder WithImageSize(int pixels) => Set(c => (c.ImageSize, c.Preprocessor) = (pixels, null));

    /// <summary>
    /// Looks at every image at several sizes and averages maps and scores; any method. Training, references and traces see the image at scale 1.
    /// </summary>
    /// <param name="scales">Sides as shares of the image size, from 0.25 to 4, with 1 among them; sides are rounded to multiples of the patch. Default: 1 alone.</param>
    public ZeroShotDetectorBuilder WithScales(params IReadOnlyList<double> scales)
    {
        ArgumentNullException.ThrowIfNull(scales);
        return Set(c => c.Scales = [.. scales]);
    }

    /// <summary>Uses an own way from the image to the model's input.</summary>
    public ZeroShotDetectorBuilder UsePreprocessor(IImagePreprocessor preprocessor) => Set(c => c.Preprocessor = preprocessor);

    /// <summary>Uses an own image decoder. Default SkiaSharp.</summary>
    public ZeroShotDetectorBuilder UseDecoder(IImageDecoder decoder) => Set(c => c.Decoder = decoder);

    /// <summary>What an image may cost before it is refused.</summary>
    public ZeroShotDetectorBuilder WithImageLimits(ImageLimits limits) => Set(c => c.Limits = limits);

    /// <summary>Loads trained modules, as written by <see cref="ZeroShotDetector.SaveModules"/>, or as a method's authors publish them (told by the content). Strict: everything must fit.</summary>
    public ZeroShotDetectorBuilder WithModuleWeights(string path) => Set(c => (c.ModuleWeights, c.LeavesModulesUntrained) = (path, false));

    /// <summary>Leaves every module at its starting values, a bundled model's too: for training from scratch.</summary>
    public ZeroShotDetectorBuilder WithoutModuleWeights() => Set(c => (c.ModuleWeights, c.LeavesModulesUntrained) = (null, true));

    /// <summary>Applies a calibration to every result.</summary>
    public ZeroShotDetectorBuilder WithCalibration(ScoreCalibration calibration) => Set(c => c.Calibration = calibration);

    /// <summary>Compares with images of good parts, too; see <see cref="ZeroShotDetector.WithReferences"/>. They are read when the detector is built.</summary>
    /// <param name="images">At least one.</param>
    /// <param name="options">How they are remembered.</param>
    public ZeroShotDetectorBuilder WithReferences(IReadOnlyList<ImageInput> images, ReferenceOptions? options = null) =>
        Set(c => (c.References, c.ReferenceOptions, c.ReferenceFile) = (images, options ?? new(), null));

    /// <summary>Compares with the references of a file, as written by <see cref="ZeroShotDetector.SaveReferences"/>.</summary>
    public ZeroShotDetectorBuilder WithReferenceFile(string path) => Set(c => (c.References, c.ReferenceFile) = (null, path));

    /// <summary>"cpu", "cuda" or "cuda:N". Default "cpu".</summary>
    public ZeroShotDetectorBuilder UseDevice(string device) => Set(c => c.Device = device);

    /// <summary>
    /// Number format of the frozen towers: Float32, BFloat16 or Float16. Default Float32. Beside BFloat16 a ResNet and the large products of MPFA and MP
    /// run in bfloat16 too, with float32 sums.
    /// </summary>
    public ZeroShotDetectorBuilder UsePrecision(torch.ScalarType precision) => Set(c => c.Precision = precision);

    /// <summary>Images in one forward pass at most. Default 4.</summary>
    public ZeroShotDetectorBuilder WithBatchSize(int images) => Set(c => c.BatchSize = images);

    /// <summary>Where the detector logs.</summary>
    public ZeroShotDetectorBuilder UseLogger(ILoggerFactory loggers) => Set(c => c.Logger = loggers.CreateLogger("MfpClip.ZeroShotDetector"));

    /// <summary>Checks everything, loads the weights and composes the detector.</summary>
    /// <exception cref="DetectorConfigurationException">Lists every fault of the composition.</exception>
    /// <exception cref="WeightsException">A weight file cannot be read or does not fit.</exception>
    /// <exception cref="NativeBackendException">The native library does not load.</exception>
    /// <exception cref="InvalidOperationException">It was built before.</exception>
    public ZeroShotDetector Build()
    {
        Set(_ => { });
        _built = true;
        return DetectorAssembly.Assemble(_composition);
    }

    /// <summary>For packages that carry a model: sets its backbone, CNN and modules.</summary>
    internal ZeroShotDetectorBuilder UseBundled(BundledModel model) => Set(c =>
    {
        (c.BackbonePath, c.GivenBackbone, c.Bundled) = (null, null, model);
        (c.CnnOptions, c.EfficientNetOptions, c.Cnn, c.ModuleWeights) = (null, null, null, null);
        c.Backbone = demands =>
        {
            using var file = model.Backbone();
            return HybridBackbone.Load(file, DeviceSelection.Resolve(demands.Device, demands.Precision), demands.Precision);
        };
    });

    private ZeroShotDetectorBuilder Set(Action<Composition> change)
    {
        if (_built)
        {
            throw new InvalidOperationException("This builder has built its detector and is frozen. Start another builder.");
        }

        change(_composition);
        return this;
    }
}
