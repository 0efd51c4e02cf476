namespace MfpClip.Backbones;

/// <summary>A capability of a backbone or CNN: showing the tensors training must not change. Those that do not offer it cannot be checked.</summary>
public interface IFrozenNetwork
{
    /// <summary>The tensors by name; they stay the network's own.</summary>
    IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights { get; }
}

/// <summary>A capability of backbones that choose kernels by measurement: doing so before the first call.</summary>
public interface IKernelMeasurement
{
    /// <summary>Chooses kernels for square images of that side and for short sentences. Does nothing where there is no choice.</summary>
    /// <param name="imageSize">Side in pixels, a multiple of the patch.</param>
    void MeasureKernels(int imageSize);
}

/// <summary>A capability of backbones that may keep their weights in the layout of their kernels alone.</summary>
internal interface IPackedWeights
{
    /// <summary>
    /// Chooses kernels as <see cref="IKernelMeasurement.MeasureKernels"/> does and, in the first call, releases weights that kernels have packed. Called before
    /// anything is computed with the backbone; later callers of a shared one wait for the first.
    /// </summary>
    /// <param name="imageSize">Side in pixels, a multiple of the patch.</param>
    void Prepare(int imageSize);
}
