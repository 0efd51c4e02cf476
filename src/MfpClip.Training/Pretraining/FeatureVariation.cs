using MfpClip.Backbones.Hybrid;
using MfpClip.Tensors;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// Changes to cached features that keep what a defect is and change how the picture looks, so that the model does not lean on what is
/// particular to rendered pictures: the look of one picture on another (MixStyle, arXiv 2104.02008: mean and deviation of every channel are
/// mixed between two pictures), and channels that are left out.
/// </summary>
internal sealed class FeatureVariation(PretrainingOptions options, ParameterSet parameters)
{
    /// <summary>Features of a batch, changed; in the caller's scope.</summary>
    public HybridFeatures Apply(HybridFeatures features, Random random)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        int B = (int)features.Maps[0].shape[0];
        bool mixes = B > 1 && random.NextDouble() < options.StyleMixing;
        int[] partner = Enumerable.Range(0, B).ToArray();
        random.Shuffle(partner);
        float[] share = [.. Enumerable.Range(0, B).Select(_ => random.NextSingle())];
        var maps = options.Model.Vision.Maps()
            .Zip(features.Maps, (map, x) => WithoutChannels(map.Name, mixes ? Mix(x, partner, share) : x, random).MoveToOuterDisposeScope()).ToList();
        return new(maps, features.Near?.alias().MoveToOuterDisposeScope());
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
    private Tensor WithoutChannels(string map, Tensor x, Random random)
    {
        if (options.ChannelDropout == 0)
        {
            return x.alias();
        }

        var (B, C) = (x.shape[0], x.shape[1]);
        float[] kept = [.. Enumerable.Range(0, (int)(B * C)).Select(_ => random.NextDouble() < options.ChannelDropout ? 0f : 1f)];
        var keep = torch.tensor(kept, [B, C, 1, 1], device: x.device);
        var mean = parameters[$"visual.stats.{map}.mean"].view(1, -1, 1, 1);
        return (keep * x) + ((1 - keep) * mean);
    }
}
