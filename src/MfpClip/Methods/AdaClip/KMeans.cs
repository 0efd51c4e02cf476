namespace MfpClip.Methods.AdaClip;

/// <summary>
/// k-means as scikit-learn runs it once (k-means++ with greedy trials, Lloyd, at most 300 rounds, tolerance 1e-4 of the mean variance),
/// deterministic by seed on every machine.
/// </summary>
internal static class KMeans
{
    private const int MaximumRounds = 300;
    private const double Tolerance = 1e-4;

    /// <summary>The cluster of each row, 0 to clusters - 1.</summary>
    /// <param name="rows">Points, all of one width.</param>
    /// <param name="clusters">Number of clusters, at most the number of points.</param>
    /// <param name="seed">Seed of the first centres.</param>
    public static int[] Cluster(IReadOnlyList<float[]> rows, int clusters, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(clusters, rows.Count);
        var centers = FirstCenters(rows, clusters, new RandomStream(seed));
        double still = Tolerance * MeanVariance(rows);
        var labels = Assign(rows, centers);
        for (int round = 0; round < MaximumRounds; round++)
        {
            var moved = Means(rows, labels, centers);
            double shift = moved.Zip(centers).Sum(p => Distance(p.First, p.Second));
            centers = moved;
            var next = Assign(rows, centers);
            bool same = next.AsSpan().SequenceEqual(labels);
            labels = next;
            if (same || shift <= still)
            {
                break;
            }
        }

        return labels;
    }

    // k-means++: each next centre is drawn by its squared distance to those there are; of some draws, the one that helps most is taken.
    private static double[][] FirstCenters(IReadOnlyList<float[]> rows, int clusters, RandomStream random)
    {
        var chosen = new List<int> { (int)(random.Next() * rows.Count) };
        var nearest = rows.Select(r => Distance(r, rows[chosen[0]])).ToArray();
        int trials = 2 + (int)Math.Log(clusters);
        while (chosen.Count < clusters)
        {
            double total = nearest.Sum();
            var best = (Potential: double.PositiveInfinity, Index: -1, Distances: nearest);
            for (int trial = 0; trial < trials; trial++)
            {
                int index = Draw(nearest, random.Next() * total);
                var distances = rows.Select((r, i) => Math.Min(nearest[i], Distance(r, rows[index]))).ToArray();
                double potential = distances.Sum();
                best = potential < best.Potential ? (potential, index, distances) : best;
            }

            chosen.Add(best.Index);
            nearest = best.Distances;
        }

        return [.. chosen.Select(i => rows[i].Select(v => (double)v).ToArray())];
    }

    private static int Draw(double[] weights, double at)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            at -= weights[i];
            if (at < 0)
            {
                return i;
            }
        }

        return weights.Length - 1;
    }

    private static int[] Assign(IReadOnlyList<float[]> rows, double[][] centers)
    {
        var labels = new int[rows.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            double least = double.PositiveInfinity;
            for (int c = 0; c < centers.Length; c++)
            {
                double d = Distance(rows[i], centers[c]);
                (least, labels[i]) = d < least ? (d, c) : (least, labels[i]);
            }
        }

        return labels;
    }

    // A cluster that has lost all its points takes the point that lies farthest from its own centre.
    private static double[][] Means(IReadOnlyList<float[]> rows, int[] labels, double[][] centers)
    {
        for (int c = 0; c < centers.Length; c++)
        {
            if (!labels.Contains(c))
            {
                int farthest = Enumerable.Range(0, rows.Count).Where(i => labels.Count(l => l == labels[i]) > 1)
                    .MaxBy(i => Distance(rows[i], centers[labels[i]]));
                labels[farthest] = c;
            }
        }

        var means = centers.Select(c => new double[c.Length]).ToArray();
        var counts = new int[centers.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            counts[labels[i]]++;
            var mean = means[labels[i]];
            for (int j = 0; j < mean.Length; j++)
            {
                mean[j] += rows[i][j];
            }
        }

        for (int c = 0; c < means.Length; c++)
        {
            for (int j = 0; j < means[c].Length; j++)
            {
                means[c][j] /= counts[c];
            }
        }

        return means;
    }

    private static double MeanVariance(IReadOnlyList<float[]> rows)
    {
        double sum = 0;
        for (int j = 0; j < rows[0].Length; j++)
        {
            double mean = rows.Average(r => (double)r[j]);
            sum += rows.Average(r => (r[j] - mean) * (r[j] - mean));
        }

        return sum / rows[0].Length;
    }

    private static double Distance(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double d = (double)a[i] - b[i];
            sum += d * d;
        }

        return sum;
    }

    private static double Distance(float[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double d = a[i] - b[i];
            sum += d * d;
        }

        return sum;
    }

    private static double Distance(double[] a, double[] b) => a.Zip(b).Sum(p => (p.First - p.Second) * (p.First - p.Second));

    // SplitMix64: the same numbers in every version of the runtime.
    private sealed class RandomStream(long seed)
    {
        private ulong _state = unchecked((ulong)seed);

        public double Next()
        {
            ulong z = unchecked(_state += 0x9E3779B97F4A7C15UL);
            z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
            z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
            return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
