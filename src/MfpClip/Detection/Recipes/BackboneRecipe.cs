using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Dino;
using MfpClip.Kernels;

namespace MfpClip;

/// <summary>Which CLIP or DINOv2 model a detector runs on: a file, a model package, or random weights for dry runs. In JSON a text alone is a path.</summary>
public sealed record BackboneRecipe
{
    /// <summary>Weight file, or a folder that holds one.</summary>
    public string? Path { get; init; }

    /// <summary>Name of a model package.</summary>
    public string? Package { get; init; }

    /// <summary>Folder of the package's files, where they are in one.</summary>
    public string? Folder { get; init; }

    /// <summary>Seed of random weights of the sizes in <see cref="Config"/>.</summary>
    public long? RandomSeed { get; init; }

    /// <summary>Sizes of a CLIP model; needed for random weights only.</summary>
    public ClipConfig? Config { get; init; }

    /// <summary>Sizes of a DINOv2 model of random weights.</summary>
    public DinoConfig? Dino { get; init; }

    /// <summary>Attention heads of a DINOv2 file, where nothing beside the file tells them.</summary>
    public int? Heads { get; init; }

    /// <summary>Activation, where nothing beside the file tells it.</summary>
    public MlpActivation? Activation { get; init; }

    /// <summary>How the position table is resized.</summary>
    public PositionInterpolation? Interpolation { get; init; }

    /// <summary>How layers are computed.</summary>
    public KernelChoice? Kernels { get; init; }

    /// <summary>Name of a backbone that was given as an object; it cannot be made from a recipe.</summary>
    public string? Object { get; init; }

    /// <summary>A path is a backbone.</summary>
    public static implicit operator BackboneRecipe(string path) => new() { Path = path };
}

/// <summary>The properties of a <see cref="BackboneRecipe"/> as JSON has them.</summary>
internal sealed record BackboneSettings(
    string? Path, string? Package, string? Folder, long? RandomSeed, ClipConfig? Config, DinoConfig? Dino, int? Heads,
    MlpActivation? Activation, PositionInterpolation? Interpolation, KernelChoice? Kernels, string? Object)
{
    public static BackboneSettings Of(BackboneRecipe r) =>
        new(r.Path, r.Package, r.Folder, r.RandomSeed, r.Config, r.Dino, r.Heads, r.Activation, r.Interpolation, r.Kernels, r.Object);

    public BackboneRecipe ToRecipe() => new()
    {
        Path = Path, Package = Package, Folder = Folder, RandomSeed = RandomSeed, Config = Config, Dino = Dino, Heads = Heads, Activation = Activation,
        Interpolation = Interpolation, Kernels = Kernels,
        Object = Object,
    };
}
