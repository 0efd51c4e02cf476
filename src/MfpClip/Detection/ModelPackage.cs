using MfpClip.Weights;

namespace MfpClip.Detection;

/// <summary>Weights that come as one: a backbone, which may hold a CNN too, and trained modules. Packages carry some inside their assembly.</summary>
public sealed record ModelPackage
{
    /// <summary>Stable name, for recipes and descriptions.</summary>
    public required string Name { get; init; }

    /// <summary>Opens the file of the backbone; the caller disposes it. Tensors named <c>cnn.*</c> are an EfficientNet-Lite0.</summary>
    public required Func<IWeightFile> OpenBackbone { get; init; }

    /// <summary>Opens the file of the trained modules; <see langword="null"/> where there are none.</summary>
    public Func<IWeightFile>? OpenModules { get; init; }

    /// <summary>What the modules' weights are called in descriptions.</summary>
    /// <value>Default: <see cref="Name"/>.</value>
    public string? ModulesSource { get; init; }

    /// <summary>The method whose modules these are: another method's may have the same names and shapes, but not the same meaning.</summary>
    /// <value>Default "mfp-clip".</value>
    public string MethodId { get; init; } = "mfp-clip";

    /// <summary>Side in pixels at which the CNN reads images; <see langword="null"/>: the detector's.</summary>
    public int? CnnInputSize { get; init; }

    /// <summary>Folder of the files, where they are in one; for recipes.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Sets what the modules were trained in: modules, sentences, input size. Recipes and configuration that name the package start with it.
    /// </summary>
    /// <value>Default <see langword="null"/>: the method's own composition.</value>
    public Action<ZeroShotDetectorBuilder>? Compose { get; init; }
}
