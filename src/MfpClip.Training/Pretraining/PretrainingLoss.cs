using MfpClip.Data.Procedural;
using MfpClip.Objectives;
using MfpClip.Objectives.Losses;
using MfpClip.Pipeline;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// What is minimised: focal and Dice loss of the maps (each stage's, coarse, prompted), cross entropy of the class token and of the map's
/// highest values against the label, contrast of images and captions.
/// </summary>
internal static class PretrainingLoss
{
    /// <summary>Fraction of a cell from which it counts as defective: less than half, so that thin scratches stay.</summary>
    public const double Covered = 0.15;

    private const double Focal = 8, Dice = 0.5, Image = 0.3, Contrast = 0.1;

    /// <summary>The loss of one batch.</summary>
    /// <param name="output">Of the pipeline, with the map of each stage.</param>
    /// <param name="masks">Coverage of each cell by the defect, 0 to 1, <c>[B, h, w]</c>.</param>
    /// <param name="contrast">Scaled cosine of every image with every caption, <c>[B, U]</c>.</param>
    /// <param name="sameCaption">1 where image and caption belong together, <c>[B, U]</c>.</param>
    public static TrainingLoss Of(PipelineOutput output, Tensor masks, Tensor contrast, Tensor sameCaption)
    {
        using var scope = torch.NewDisposeScope();
        var target = (masks >= Covered).to_type(ScalarType.Float32);
        var labels = (target.flatten(1).amax([1]) > 0).to_type(ScalarType.Float32); // [B]
        var sums = new TermSums();
        foreach (var stage in output.StageMaps)
        {
            sums.Add("focal stages", FocalLoss.Default.Mean(stage, target), Focal / output.StageMaps.Count);
        }

        var defective = labels.nonzero().squeeze(1);
        foreach (var (name, map) in new[] { ("M_c", output.Coarse), ("M_f", output.Prompted!) })
        {
            sums.Add($"focal {name}", FocalLoss.Default.Mean(map, target), Focal / 2);
            if (defective.shape[0] > 0)
            {
                sums.Add($"dice {name}", DiceLoss.Mean(map.select(1, 1).index_select(0, defective), target.index_select(0, defective)), Dice);
            }
        }

        sums.Add("class token", ScoreLoss.CrossEntropy(output.ImageLogits!, labels), Image);
        sums.Add("top of the map", ScoreLoss.BinaryCrossEntropy(Top(output.RawMap).clamp(1e-4, 1 - 1e-4), labels), Image);
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
