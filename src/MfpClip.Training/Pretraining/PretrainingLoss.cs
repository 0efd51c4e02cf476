using MfpClip.Data.Procedural;
using MfpClip.Training.Losses;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// What is minimised: focal and Dice loss of the maps (each stage's, coarse, prompted), cross entropy of the class token and of the map's
/// highest values against the label, contrast of images and captions.
/// </summary>
internal static class PretrainingLoss
{
    /// <summary>Share of a cell from which it counts as defective: less than half, so that thin scratches stay.</summary>
    public const double Covered = 0.15;

    private const double Focal = 8, Dice = 0.5, Image = 0.3, Contrast = 0.1;

    /// <summary>The loss of one batch.</summary>
    /// <param name="maps">Of <see cref="PretrainingModel.Maps"/>.</param>
    /// <param name="masks">Coverage of each cell by the defect, 0 to 1, <c>[B, h, w]</c>.</param>
    /// <param name="classLogits">tau times the cosine of v with both states, <c>[B, 2]</c>.</param>
    /// <param name="contrast">Scaled cosine of every image with every caption, <c>[B, B]</c>.</param>
    /// <param name="sameCaption">1 where image and caption belong together, <c>[B, B]</c>.</param>
    public static TrainingLoss Of(
        (IReadOnlyList<Tensor> Stages, Tensor Coarse, Tensor Prompted) maps, Tensor masks, Tensor classLogits, Tensor contrast, Tensor sameCaption)
    {
        using var scope = torch.NewDisposeScope();
        var target = (masks >= Covered).to_type(ScalarType.Float32);
        var labels = (target.flatten(1).amax([1]) > 0).to_type(ScalarType.Float32); // [B]
        var sums = new TermSums();
        foreach (var stage in maps.Stages)
        {
            sums.Add("focal stages", FocalLoss.Default.Mean(stage, target), Focal / maps.Stages.Count);
        }

        var defective = labels.nonzero().squeeze(1);
        foreach (var (name, map) in new[] { ("M_c", maps.Coarse), ("M_f", maps.Prompted) })
        {
            sums.Add($"focal {name}", FocalLoss.Default.Mean(map, target), Focal / 2);
            if (defective.shape[0] > 0)
            {
                sums.Add($"dice {name}", DiceLoss.Mean(map.select(1, 1).index_select(0, defective), target.index_select(0, defective)), Dice);
            }
        }

        sums.Add("class token", ScoreLoss.CrossEntropy(classLogits, labels), Image);
        sums.Add("top of the map", ScoreLoss.BinaryCrossEntropy(Top(((maps.Coarse + maps.Prompted) / 2).select(1, 1)).clamp(1e-4, 1 - 1e-4), labels), Image);
        sums.Add("captions", (Matched(contrast, sameCaption) + Matched(contrast.t(), sameCaption.t())) / 2, Contrast);
        return sums.Finish() is var (total, terms) ? new(total.MoveToOuterDisposeScope(), terms) : throw new InvalidOperationException();
    }

    /// <summary>Mean of the highest 1 % of a map, <c>[B, h, w]</c> to <c>[B]</c>.</summary>
    public static Tensor Top(Tensor map)
    {
        using var scope = torch.NewDisposeScope();
        var values = map.flatten(1);
        return values.topk((int)Math.Max(1, values.shape[1] / 100), dim: 1).values.mean([1]).MoveToOuterDisposeScope();
    }

    // Cross entropy against every partner that belongs, each with the same share: captions repeat in a batch.
    private static Tensor Matched(Tensor logits, Tensor same) => -((same / same.sum(1, keepdim: true)) * logits.log_softmax(1)).sum(1).mean();
}
