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
