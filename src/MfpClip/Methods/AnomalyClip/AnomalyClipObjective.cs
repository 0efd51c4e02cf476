using MfpClip.Objectives;
using MfpClip.Objectives.Losses;
using MfpClip.Pipeline;

namespace MfpClip.Methods.AnomalyClip;

/// <summary>
/// What AnomalyCLIP minimises (arXiv 2310.18961, section 3.3; train.py): cross entropy of the image logits
/// plus four times, for every stage, focal, Dice of the abnormal and Dice of the normal channel.
/// </summary>
internal sealed class AnomalyClipObjective(TrainingRecipe recipe) : ITrainingObjective
{
    /// <summary>Weight of the map's terms.</summary>
    public const double Lambda = 4;

    /// <summary>The authors' recipe: Adam 1e-3 with betas 0.5 and 0.999, constant, 15 epochs, batch 8, seed 111 (train.sh, train.py).</summary>
    public static TrainingRecipe Authors { get; } = new()
    {
        LearningRate = 1e-3, Beta1 = 0.5, Beta2 = 0.999, Schedule = LearningRateSchedule.Constant, Epochs = 15, BatchSize = 8, Seed = 111,
    };

    /// <inheritdoc/>
    public TrainingRecipe Recipe => recipe;

    /// <inheritdoc/>
    public bool ReadsStageMaps => true;

    /// <summary>Terms of one stage, unweighted.</summary>
    /// <param name="map">Probabilities, <c>[B, 2, H, W]</c>.</param>
    /// <param name="gt">Masks of 0 and 1, <c>[B, H, W]</c>.</param>
    public static (Tensor Focal, Tensor DiceAbnormal, Tensor DiceNormal) StageTerms(Tensor map, Tensor gt)
    {
        var p = map.to_type(ScalarType.Float32);
        return (FocalLoss.Default.Mean(p, gt), DiceLoss.Mean(p.select(1, 1), gt), DiceLoss.Mean(p.select(1, 0), 1 - gt));
    }

    /// <inheritdoc/>
    public void Add(TermSums sums, PipelineOutput output, TrainingBatch part, double fraction, double maskFraction)
    {
        var device = output.Map.device;
        if (part.MaskedRows.ToArray() is { Length: > 0 } masked)
        {
            var rows = torch.tensor(masked, dtype: ScalarType.Int64, device: device);
            var gt = part.Masks.to(device).index_select(0, rows); // [B', H, W]
            foreach (var map in output.SupervisedMaps)
            {
                var (focal, abnormal, normal) = StageTerms(map.index_select(0, rows), gt);
                sums.Add("focal", focal, Lambda * maskFraction);
                sums.Add("dice abnormal", abnormal, Lambda * maskFraction);
                sums.Add("dice normal", normal, Lambda * maskFraction);
            }
        }

        // A mix may score without comparing classes; then its score is trained as a probability.
        var image = output.ImageLogits is { } logits
            ? ScoreLoss.CrossEntropy(logits.to_type(ScalarType.Float32), part.Labels)
            : ScoreLoss.BinaryCrossEntropy(output.Score.to_type(ScalarType.Float32), part.Labels.to(device));
        sums.Add("cross entropy", image, fraction);
    }
}
