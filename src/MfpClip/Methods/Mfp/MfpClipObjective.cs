using MfpClip.Objectives;
using MfpClip.Objectives.Losses;
using MfpClip.Pipeline;

namespace MfpClip.Methods.Mfp;

/// <summary>
/// How MFP-CLIP is trained (docs/method.md section 8). Given by the paper: focal and Dice loss on the map, binary cross entropy on the score, I2TP
/// projection, SP adapters, Linear_i and MP trained, everything else frozen. Reconstructed: both maps, M_c and M_f, are supervised.
/// </summary>
internal sealed class MfpClipObjective : ITrainingObjective
{
    /// <inheritdoc/>
    public TrainingRecipe Recipe { get; } = new();

    /// <inheritdoc/>
    public bool ReadsStageMaps => false;

    /// <inheritdoc/>
    public void Add(TermSums sums, PipelineOutput output, TrainingBatch part, double fraction, double maskFraction)
    {
        var device = output.Map.device;
        long[] masked = [.. part.MaskedRows];
        if (masked.Length > 0)
        {
            var rows = torch.tensor(masked, dtype: ScalarType.Int64, device: device);
            var gt = part.Masks.to(device).index_select(0, rows); // [B', H, W]
            AddMap(sums, "M_c", output.Coarse.index_select(0, rows), gt, maskFraction);
            if (output.Prompted is { } prompted)
            {
                AddMap(sums, "M_f", prompted.index_select(0, rows), gt, maskFraction);
            }
        }

        sums.Add("BCE S", ScoreLoss.BinaryCrossEntropy(output.Score.to_type(ScalarType.Float32), part.Labels.to(device)), fraction);
    }

    private static void AddMap(TermSums sums, string map, Tensor probabilities, Tensor gt, double fraction)
    {
        var p = probabilities.to_type(ScalarType.Float32);
        sums.Add($"focal {map}", FocalLoss.Default.Mean(p, gt), fraction);
        sums.Add($"dice {map}", DiceLoss.Mean(p.select(1, 1), gt), fraction);
    }
}
