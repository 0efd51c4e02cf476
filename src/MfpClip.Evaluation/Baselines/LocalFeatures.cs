using MfpClip.Modules.Scoring;

namespace MfpClip.Evaluation.Baselines;

/// <summary>What is seen of each pixel through Gaussians of several widths.</summary>
internal static class LocalFeatures
{
    // Held for good: TorchSharp lets a number that was converted on the spot be collected while native code still reads it.
    private static readonly Scalar Zero = 0, Half = 0.5, Four = 4;

    /// <summary>Features at one scale: three colours, gradient, Laplacian, deviation.</summary>
    public const int PerScale = 6;

    /// <summary>
    /// At each scale: the smoothed colours; of the smoothed brightness the length of the gradient and the Laplacian, by central differences; and the
    /// deviation of the brightness under the Gaussian.
    /// </summary>
    /// <param name="image"><c>[3, H, W]</c>, 0 to 1.</param>
    /// <param name="scales">Widths in pixels.</param>
    /// <returns><c>[6 S, H, W]</c>, float32.</returns>
    public static Tensor Of(Tensor image, IReadOnlyList<double> scales)
    {
        using var scope = torch.NewDisposeScope();
        var brightness = image.mean([0], keepdim: true); // [1, H, W]
        var layers = torch.cat([image, brightness, brightness.square()], 0); // [5, H, W]
        var features = new List<Tensor>();
        foreach (double sigma in scales)
        {
            var seen = TensorSmoothing.Gaussian(layers, sigma);
            var y = seen.narrow(0, 3, 1);
            var (left, right, up, down) = Neighbours(y);
            features.Add(seen.narrow(0, 0, 3));
            features.Add(((right - left).mul(Half).square() + (down - up).mul(Half).square()).sqrt());
            features.Add(left + right + up + down - y.mul(Four));
            features.Add((seen.narrow(0, 4, 1) - y.square()).clamp(min: Zero).sqrt());
        }

        return torch.cat(features, 0).MoveToOuterDisposeScope();
    }

    // Borders repeat themselves.
    private static (Tensor Left, Tensor Right, Tensor Up, Tensor Down) Neighbours(Tensor y)
    {
        long h = y.shape[1], w = y.shape[2];
        return (
            torch.cat([y.narrow(2, 0, 1), y.narrow(2, 0, w - 1)], 2), torch.cat([y.narrow(2, 1, w - 1), y.narrow(2, w - 1, 1)], 2),
            torch.cat([y.narrow(1, 0, 1), y.narrow(1, 0, h - 1)], 1), torch.cat([y.narrow(1, 1, h - 1), y.narrow(1, h - 1, 1)], 1));
    }
}
