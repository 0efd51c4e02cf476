using System.Runtime.CompilerServices;
using MfpClip.Detection;
using MfpClip.Methods.Mfp;
using MfpClip.Weights;

namespace MfpClip;

/// <summary>The default model: a small CLIP with trained MFP-CLIP modules inside this package. Works offline, on a CPU.</summary>
public static class TinyModel
{
    private const string TrainedBackbone = "clip.safetensors", TrainedModules = "modules.safetensors";

    private const string Name = "tiny";

    private const string Backbone = "tiny-clip.safetensors", Modules = "tiny-modules.safetensors";

    /// <summary>Side in pixels of the square input.</summary>
    public const int ImageSize = 320;

    /// <summary>Whether this build of the package carries weights. Builds from source do once they are trained; see docs/tiny-model.md.</summary>
    public static bool IsAvailable => Array.IndexOf(typeof(TinyModel).Assembly.GetManifestResourceNames(), Backbone) >= 0;

    extension(ZeroShotDetector)
    {
        /// <summary>
        /// The default detector: small, offline, on a CPU. Change it with <see cref="UseDefaultModel(ZeroShotDetectorBuilder)"/> on a builder.
        /// </summary>
        /// <exception cref="WeightsException">This build carries no weights.</exception>
        /// <exception cref="NativeBackendException">The native library does not load.</exception>
        public static ZeroShotDetector CreateDefault() => new ZeroShotDetectorBuilder().UseDefaultModel().Build();
    }

    /// <summary>
    /// Sets backbone, CNN, modules, sentences and input size to the default model's. What is set afterwards wins: a module that is replaced or
    /// given other sizes is untrained, one that is switched off is off, the others keep their training.
    /// </summary>
    public static ZeroShotDetectorBuilder UseDefaultModel(this ZeroShotDetectorBuilder builder) => builder.UseDefaultModel(0);

    /// <summary>
    /// The same; modules that are then left untrained (<see cref="ZeroShotDetectorBuilder.WithoutModuleWeights"/>) start from values of this seed.
    /// </summary>
    public static ZeroShotDetectorBuilder UseDefaultModel(this ZeroShotDetectorBuilder builder, long seed)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Compose(builder, Package, seed);
    }

    /// <summary>The same composition with weights that <c>mfpclip pretrain</c> wrote, instead of the package's own.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="folder">Holds <c>clip.safetensors</c> and <c>modules.safetensors</c>.</param>
    /// <param name="seed">Seed of modules that are left untrained.</param>
    /// <exception cref="WeightsException">One of the files is not there.</exception>
    public static ZeroShotDetectorBuilder UseDefaultModel(this ZeroShotDetectorBuilder builder, string folder, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Compose(builder, InFolder(folder), seed);
    }

    /// <summary>Whether a folder holds what <c>mfpclip pretrain</c> writes.</summary>
    /// <param name="folder">Any path.</param>
    public static bool IsPretrained(string folder) => File.Exists(Path.Combine(folder, TrainedBackbone)) && File.Exists(Path.Combine(folder, TrainedModules));

    /// <summary>The package's weights, for <see cref="ZeroShotDetectorBuilder.UseModel"/> with a composition of one's own.</summary>
    public static ModelPackage Package { get; } = new()
    {
        Name = Name, ModulesSource = Modules, OpenBackbone = () => Open(Backbone), OpenModules = () => Open(Modules),
        CnnInputSize = HybridMfpClip.CnnInputSize, Compose = SetModules,
    };

    /// <summary>
    /// Makes the model known to recipes by the name "tiny". Done when this assembly is loaded, which a recipe or configuration that names the model does
    /// itself; a trimmed program that does not mention the assembly otherwise calls it.
    /// </summary>
    public static void Register()
    {
        // The module initializer has done it.
    }

#pragma warning disable CA2255 // Recipes may name the model before any of its own members is called.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void RegisterOnLoad() => DetectorRegistry.Default.AddModelPackage(Name, folder => folder is null ? Package : InFolder(folder));

    private static ModelPackage InFolder(string folder)
    {
        string backbone = Path.Combine(folder, TrainedBackbone), modules = Path.Combine(folder, TrainedModules);
        return new[] { backbone, modules }.FirstOrDefault(f => !File.Exists(f)) is { } absent
            ? throw new WeightsException(absent, "there is no such file; 'mfpclip pretrain' writes it.")
            : new()
            {
                Name = Name, ModulesSource = TrainedModules, Folder = folder, CnnInputSize = HybridMfpClip.CnnInputSize, Compose = SetModules,
                OpenBackbone = () => WeightFile.Open(backbone), OpenModules = () => WeightFile.Open(modules),
            };
    }

    private static ZeroShotDetectorBuilder Compose(ZeroShotDetectorBuilder builder, ModelPackage model, long seed) =>
        HybridMfpClip.Apply(builder.UseModel(model), ImageSize, seed);

    private static void SetModules(ZeroShotDetectorBuilder builder) => HybridMfpClip.Apply(builder, ImageSize);

    private static IWeightFile Open(string name) => typeof(TinyModel).Assembly.GetManifestResourceStream(name) is UnmanagedMemoryStream resource
        ? WeightFile.Open(name, resource)
        : throw new WeightsException(name, "this build of MfpClip.Models.Tiny carries no weights. Train them as docs/tiny-model.md says, put them into "
            + "src/MfpClip.Models.Tiny/Weights and build again, or choose another model with UseBackbone.");
}
