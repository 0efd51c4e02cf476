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
        var down = MatrixProduct.Of(rows, map.to_type(ScalarType.Float64)).to_type(map.dtype).to_type(ScalarType.Float64);
        return MatrixProduct.Of(down, columns.t()).to_type(map.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// One axis as a matrix <c>[n, n]</c>, float64: each row holds the weights of the inputs that an output is made of, mirrored ones folded in.
    /// </summary>
    public static Tensor Weights(long n, double sigma, Device device)
    {
        int radius = Radius(sigma);
        var kernel = Kernel(sigma, radius);
        var weights = new double[n * n];
        for (long i = 0; i < n; i++)
        {
            for (int k = -radius; k <= radius; k++)
            {
                weights[(i * n) + Mirror(i + k, n)] += kernel[k + radius];
            }
        }

        return torch.tensor(weights, [n, n], device: device);
    }

    /// <summary>Convolves both axes with one odd kernel, in double precision.</summary>
    /// <param name="map"><c>[B, H, W]</c>.</param>
    /// <param name="kernel">Of <see cref="Kernel"/>.</param>
    /// <param name="border">How the map continues outside.</param>
    /// <returns><c>[B, H, W]</c> in the map's precision.</returns>
    public static Tensor Separable(Tensor map, double[] kernel, MapBorder border)
    {
        using var scope = torch.NewDisposeScope();
        var x = Along(Along(map.to_type(ScalarType.Float64), 1, kernel, border), 2, kernel, border);
        return x.to_type(map.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Weights of a Gaussian from <c>-radius</c> to <c>radius</c>, of sum 1.</summary>
    public static double[] Kernel(double sigma, int radius)
    {
        var kernel = Enumerable.Range(-radius, (2 * radius) + 1).Select(i => Math.Exp(-0.5 * i * i / (sigma * sigma))).ToArray();
        double sum = kernel.Sum();
        return [.. kernel.Select(k => k / sum)];
    }

    /// <summary>Where scipy.ndimage.gaussian_filter cuts a Gaussian.</summary>
    public static int Radius(double sigma) => (int)((4 * sigma) + 0.5);

    private static Tensor Along(Tensor x, int axis, double[] kernel, MapBorder border)
    {
        using var scope = torch.NewDisposeScope();
        long n = x.shape[axis];
        int radius = kernel.Length / 2;
        var places = Enumerable.Range(0, (int)n + (2 * radius)).Select(i => border == MapBorder.Symmetric ? Mirror(i - radius, n) : Reflect(i - radius, n));
        var padded = x.index_select(axis, torch.tensor(places.ToArray(), device: x.device));
        var sum = torch.zeros_like(x);
        for (int k = 0; k < kernel.Length; k++)
        {
            using var step = torch.NewDisposeScope();
            sum.add_(padded.narrow(axis, k, n), kernel[k]);
        }

        return sum.MoveToOuterDisposeScope();
    }

    // d c b | a b c d | c b a
    private static long Reflect(long i, long n)
    {
        long period = Math.Max(2 * (n - 1), 1);
        long j = ((i % period) + period) % period;
        return j < n ? j : period - j;
    }

    /// <summary>The place inside of one outside: d c b a | a b c d | d c b a.</summary>
    public static long Mirror(long i, long n)
    {
        long period = 2 * n;
        long j = ((i % period) + period) % period;
        return j < n ? j : period - 1 - j;
    }
}
