using MfpClip.Objectives;
using MfpClip.Objectives.Losses;
using MfpClip.Pipeline;

namespace MfpClip.Methods.AdaClip;

/// <summary>
/// What AdaCLIP minimises (train.py): focal loss of the score plus, for every stage, focal, Dice of the abnormal and Dice of the normal
/// channel, all with weight 1.
/// </summary>
internal sealed class AdaClipObjective(TrainingRecipe recipe, bool dicePerRow) : ITrainingObjective
{
    /// <summary>The authors' recipe: AdamW 0.01 with betas 0.5 and 0.999 and weight decay 0.01, constant, 5 epochs, batch 1, seed 111.</summary>
    public static TrainingRecipe Authors { get; } = new()
    {
        Optimizer = OptimizerKind.AdamW, LearningRate = 0.01, Beta1 = 0.5, Beta2 = 0.999, WeightDecay = 0.01,
        Schedule = LearningRateSchedule.Constant, Epochs = 5, BatchSize = 1, Seed = 111,
    };

    /// <inheritdoc/>
    public TrainingRecipe Recipe => recipe;

    /// <inheritdoc/>
    public bool ReadsStageMaps => true;

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
                var p = map.index_select(0, rows).to_type(ScalarType.Float32); // [B', 2, H, W]
                sums.Add("focal", FocalLoss.Default.Mean(p, gt), maskFraction);
                sums.Add("dice abnormal", Dice(p.select(1, 1), gt), maskFraction);
                sums.Add("dice normal", Dice(p.select(1, 0), 1 - gt), maskFraction);
            }
        }

        // A mix may score without comparing classes; then its score is trained as a probability.
        var probabilities = output.ImageLogits is { } logits ? logits.softmax(-1) : torch.stack([1 - output.Score, output.Score], 1); // [B, 2]
        sums.Add("focal score", FocalLoss.Default.Mean(probabilities.to_type(ScalarType.Float32), part.Labels.to(device)), fraction);
    }

    // The authors' code squeezes the mask of its batch of one, so that each row of pixels counts as an image.
    private Tensor Dice(Tensor p, Tensor gt) => dicePerRow ? DiceLoss.Mean(p.flatten(0, 1), gt.flatten(0, 1)) : DiceLoss.Mean(p, gt);
}
