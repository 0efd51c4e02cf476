namespace MfpClip.Modules.Scoring;

/// <summary>Gaussian smoothing of maps where they are computed: scipy.ndimage.gaussian_filter with its defaults.</summary>
internal static class TensorSmoothing
{
    /// <summary>Smooths along both axes; cut at 4 sigma, mirrored at the borders (scipy's "reflect"), rounded to the map's format after each axis.</summary>
    /// <param name="map"><c>[B, H, W]</c>.</param>
    /// <param name="sigma">Width in pixels.</param>
    public static Tensor Gaussian(Tensor map, double sigma)
    {
        using var scope = torch.NewDisposeScope();
        return Gaussian(map, Weights(map.shape[1], sigma, map.device), Weights(map.shape[2], sigma, map.device)).MoveToOuterDisposeScope();
    }

    /// <summary>The same with the weights of both axes at hand.</summary>
    /// <param name="map"><c>[B, H, W]</c>.</param>
    /// <param name="rows"><c>[H, H]</c> of <see cref="Weights"/>.</param>
    /// <param name="columns"><c>[W, W]</c>.</param>
    public static Tensor Gaussian(Tensor map, Tensor rows, Tensor columns)
    {
        using var scope = torch.NewDisposeScope();
        var down = torch.matmul(rows, map.to_type(ScalarType.Float64)).to_type(map.dtype).to_type(ScalarType.Float64);
        return torch.matmul(down, columns.t()).to_type(map.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// One axis as a matrix <c>[n, n]</c>, float64: each row holds the weights of the inputs that an output is made of, mirrored ones folded in.
    /// </summary>
    public static Tensor Weights(long n, double sigma, Device device)
    {
        int radius = (int)((4 * sigma) + 0.5);
        var kernel = Enumerable.Range(-radius, (2 * radius) + 1).Select(i => Math.Exp(-0.5 * i * i / (sigma * sigma))).ToArray();
        double sum = kernel.Sum();
        var weights = new double[n * n];
        for (long i = 0; i < n; i++)
        {
            for (int k = -radius; k <= radius; k++)
            {
                weights[(i * n) + Mirror(i + k, n)] += kernel[k + radius] / sum;
            }
        }

        return torch.tensor(weights, [n, n], device: device);
    }

    // d c b a | a b c d | d c b a
    private static long Mirror(long i, long n)
    {
        long period = 2 * n;
        long j = ((i % period) + period) % period;
        return j < n ? j : period - 1 - j;
    }
}
