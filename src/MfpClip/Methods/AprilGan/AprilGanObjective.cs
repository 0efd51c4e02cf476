using MfpClip.Objectives;
using MfpClip.Objectives.Losses;
using MfpClip.Pipeline;

namespace MfpClip.Methods.AprilGan;

/// <summary>
/// What APRIL-GAN minimises (arXiv 2305.17382; train.py): focal and Dice loss of every layer's map alone, all with weight 1. The score has no loss.
/// </summary>
internal sealed class AprilGanObjective(TrainingRecipe recipe) : ITrainingObjective
{
    public TrainingRecipe Recipe => recipe;

    public bool ReadsStageMaps => true;

    public void Add(TermSums sums, PipelineOutput output, TrainingBatch part, double fraction, double maskFraction)
    {
        long[] masked = [.. part.MaskedRows];
        if (masked.Length == 0)
        {
            sums.Add("focal layer 1", output.StageMaps[0].sum() * 0, fraction); // without a mask there is nothing to compare
            return;
        }

        var rows = torch.tensor(masked, dtype: ScalarType.Int64, device: output.Map.device);
        var gt = part.Masks.to(output.Map.device).index_select(0, rows) > 0.5; // [B', H, W]
        var maps = output.SupervisedMaps.ToList(); // in a mix with a mask prompt, the prompted one last
        for (var i = 0; i < maps.Count; i++)
        {
            var P = maps[i].index_select(0, rows).to_type(ScalarType.Float32); // [B', 2, H, W]
            sums.Add($"focal layer {i + 1}", FocalLoss.Default.Mean(P, gt), maskFraction);
            sums.Add($"dice layer {i + 1}", DiceLoss.Mean(P.select(1, 1), gt), maskFraction);
        }
    }
}
