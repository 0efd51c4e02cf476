namespace MfpClip.Backbones;

/// <summary>A capability of backbones that choose kernels by measurement: doing so before the first call.</summary>
public interface IKernelMeasurement
{
    /// <summary>Chooses kernels for square images of that side and for short sentences. Does nothing where there is no choice.</summary>
    /// <param name="imageSize">Side in pixels, a multiple of the patch.</param>
    void MeasureKernels(int imageSize);
}
