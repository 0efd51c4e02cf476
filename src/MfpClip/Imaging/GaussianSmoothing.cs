using MfpClip.Parallelism;

namespace MfpClip.Imaging;

/// <summary>Smooths anomaly maps as the authors of the compared methods do: scipy.ndimage.gaussian_filter, sigma 4.</summary>
public static class GaussianSmoothing
{
    /// <summary>Gaussian of the given width, cut at 4 sigma, mirrored at the borders (scipy's "reflect").</summary>
    /// <param name="map">Not changed.</param>
    /// <param name="sigma">Width in pixels of the map; 0 returns the map as it is.</param>
    public static AnomalyMap Smooth(AnomalyMap map, double sigma = 4)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentOutOfRangeException.ThrowIfNegative(sigma);
        if (sigma == 0)
        {
            return map;
        }

        int radius = (int)((4 * sigma) + 0.5);
        var kernel = Enumerable.Range(-radius, (2 * radius) + 1).Select(i => Math.Exp(-0.5 * i * i / (sigma * sigma))).ToArray();
        double sum = kernel.Sum();
        var weights = kernel.Select(k => k / sum).ToArray();
        var down = Pass(map.Data, map.Width, map.Height, weights, radius, vertical: true);
        return new AnomalyMap(map.Width, map.Height, Pass(down, map.Width, map.Height, weights, radius, vertical: false));
    }

    private static float[] Pass(float[] source, int width, int height, double[] weights, int radius, bool vertical)
    {
        var result = new float[source.Length];
        int length = vertical ? height : width;
        var mirror = Enumerable.Range(-radius, length + (2 * radius)).Select(i => Mirror(i, length)).ToArray();
        ParallelRows.Run(height, y =>
        {
            for (int x = 0; x < width; x++)
            {
                double value = 0;
                int at = vertical ? y : x;
                for (int k = 0; k < weights.Length; k++)
                {
                    int j = mirror[at + k];
                    value += weights[k] * (vertical ? source[(j * width) + x] : source[(y * width) + j]);
                }

                result[(y * width) + x] = (float)value;
            }
        });
        return result;
    }

    // d c b a | a b c d | d c b a
    private static int Mirror(int i, int n)
    {
        int period = 2 * n;
        int j = ((i % period) + period) % period;
        return j < n ? j : period - 1 - j;
    }
}
