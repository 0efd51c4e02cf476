using MfpClip.Backbones.Cnn;

namespace MfpClip.Backbones.Hybrid;

/// <summary>
/// What of an image nothing learned comes before: maps of the frozen network, one for each of <see cref="HybridVisionConfig.Maps"/>, and the
/// image's comparison with itself where it is requested.
/// </summary>
internal static class HybridFeatures
{
    /// <summary>Fractions of the image's own patches that count as nearest.</summary>
    public static readonly double[] Fractions = [0.01, 0.05, 0.2];

    private static readonly int[] FullTaps = [2, 4, 10];
    private static readonly int[] HalfTaps = [4, 10];

    /// <summary>Runs the frozen network.</summary>
    /// <param name="cnn">Its first eleven blocks.</param>
    /// <param name="images">Normalised, float32 <c>[B, 3, H, W]</c>, sides divisible by 8.</param>
    /// <param name="config">What is wanted.</param>
    /// <returns>float32 <c>[B, C, h, w]</c> each.</returns>
    public static IReadOnlyList<Tensor> Extract(EfficientNetLite cnn, Tensor images, HybridVisionConfig config)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var full = cnn.Run(images, FullTaps);
        // Stride 4 is brought to the grid of stride 8: the mean, and the maximum for details smaller than a patch.
        var fine = torch.cat([F.avg_pool2d(full[0], 2, ceil_mode: true), F.max_pool2d(full[0], 2, ceil_mode: true)], 1);
        var maps = new List<Tensor> { fine, full[1], full[2] };
        if (config.HalfSize)
        {
            maps.AddRange(cnn.Run(F.avg_pool2d(images, 2), HalfTaps));
        }

        if (config.NearestPatches)
        {
            maps.Add(Nearest(full[2]));
        }

        return [.. maps.Select(m => m.MoveToOuterDisposeScope())];
    }

    /// <summary>One minus the mean cosine similarity of each place to the nearest fractions of all other places, <c>[B, 3, h, w]</c>.</summary>
    internal static Tensor Nearest(Tensor map)
    {
        using var scope = torch.NewDisposeScope();
        var (B, h, w) = (map.shape[0], map.shape[2], map.shape[3]);
        var centred = map - map.mean([2, 3], keepdim: true);
        var x = F.normalize(centred.flatten(2), p: 2, dim: 1); // [B, C, N]
        var cosine = MatrixProduct.Of(x.transpose(1, 2), x); // [B, N, N]
        cosine.diagonal(0, 1, 2).fill_(-2); // a place is not its own neighbour
        long N = h * w;
        int most = (int)Math.Max(1, Math.Min(N - 1, Math.Round(Fractions[^1] * N)));
        var nearest = cosine.topk(most, dim: 2).values; // falling
        var channels = Fractions.Select(s => 1 - nearest.narrow(2, 0, (long)Math.Clamp(Math.Round(s * N), 1, most)).mean([2]));
        return torch.stack(channels, 1).view(B, Fractions.Length, h, w).MoveToOuterDisposeScope();
    }
}
