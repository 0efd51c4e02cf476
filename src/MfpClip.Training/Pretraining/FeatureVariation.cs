using MfpClip.Backbones;
using MfpClip.Modules;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// Changes to cached features that keep what a defect is and change how the image looks, so that the model does not lean on what is
/// particular to rendered images: the look of one image on another (MixStyle, arXiv 2104.02008: mean and deviation of every channel are
/// mixed between two images), and channels that are left out.
/// </summary>
internal sealed class FeatureVariation(PretrainingOptions options, IFrozenStem stem)
{
    /// <summary>Features of a batch, changed; in the caller's scope.</summary>
    public ImageFeatures Apply(ImageFeatures features, Random random)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        int B = (int)features.StemMaps![0].shape[0];
        bool mixes = B > 1 && random.NextDouble() < options.StyleMixing;
        int[] partner = Enumerable.Range(0, B).ToArray();
        random.Shuffle(partner);
        float[] share = [.. Enumerable.Range(0, B).Select(_ => random.NextSingle())];
        // An image's comparison with itself has no look.
        var maps = stem.Maps.Zip(features.StemMaps, (map, x) =>
            (map.Mean is { } mean ? WithoutChannels(mean, mixes ? Mix(x, partner, share) : x, random) : x.alias()).MoveToOuterDisposeScope()).ToList();
        return features with { StemMaps = maps };
    }

    private static Tensor Mix(Tensor x, int[] partner, float[] share)
    {
        var mean = x.mean([2, 3], keepdim: true); // [B, C, 1, 1]
        var spread = ((x - mean).square().mean([2, 3], keepdim: true) + 1e-6).sqrt();
        var other = torch.tensor(partner.Select(p => (long)p).ToArray(), device: x.device);
        var keep = torch.tensor(share, [share.Length, 1, 1, 1], device: x.device);
        return ((x - mean) / spread * Between(spread)) + Between(mean);

        Tensor Between(Tensor s) => (keep * s) + ((1 - keep) * s.index_select(0, other));
    }

    // A channel that is left out is at its usual mean everywhere: zero however it is standardised.
    private Tensor WithoutChannels(Tensor usual, Tensor x, Random random)
    {
        if (options.ChannelDropout == 0)
        {
            return x.alias();
        }

        var (B, C) = (x.shape[0], x.shape[1]);
        float[] kept = [.. Enumerable.Range(0, (int)(B * C)).Select(_ => random.NextDouble() < options.ChannelDropout ? 0f : 1f)];
        var keep = torch.tensor(kept, [B, C, 1, 1], device: x.device);
        var mean = usual.view(1, -1, 1, 1);
        return (keep * x) + ((1 - keep) * mean);
    }
}
