using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;

namespace MfpClip.Objectives;

/// <summary>Rules by which gradients change weights.</summary>
public enum OptimizerKind
{
    /// <summary>Adam; weight decay is added to the gradient.</summary>
    Adam,

    /// <summary>AdamW: weight decay separate from the gradient.</summary>
    AdamW,
}

/// <summary>How the learning rate changes.</summary>
public enum LearningRateSchedule
{
    /// <summary>Factor <c>1 / (epoch + 1)</c>, epoch from 0; MFP-CLIP's (given by the paper).</summary>
    InverseEpoch,

    /// <summary>Factor 1.</summary>
    Constant,

    /// <summary>Half a cosine from 1 to 0 over the epochs.</summary>
    Cosine,

    /// <summary>
    /// One cycle over all steps (Smith and Topin 2018): up from 1/25 to 1 over the first three tenths, then down to nearly 0, each by half a cosine.
    /// </summary>
    OneCycle,
}

/// <summary>The numbers of one training. Every method brings those of its paper; change them with <c>with</c>. Immutable.</summary>
/// <remarks>The defaults are MFP-CLIP's, as given by the paper (docs/method.md section 8): Adam, 1e-3, 1/(epoch+1), 100 epochs, batch 1.</remarks>
public sealed record TrainingRecipe
{
    /// <summary>Optimiser.</summary>
    /// <value>Default <see cref="OptimizerKind.Adam"/>.</value>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>Learning rate of epoch 0.</summary>
    /// <value>Default 1e-3.</value>
    [Range(1e-12, 100)]
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Decay of the first moment.</summary>
    /// <value>Default 0.9.</value>
    [Range(0, 0.999999)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    /// <value>Default 0.999.</value>
    [Range(0, 0.9999999)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the denominator.</summary>
    /// <value>Default 1e-8.</value>
    [Range(0, 1)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay.</summary>
    /// <value>Default 0.</value>
    [Range(0, 10)]
    public double WeightDecay { get; init; }

    /// <summary>How the learning rate falls.</summary>
    /// <value>Default <see cref="LearningRateSchedule.InverseEpoch"/>.</value>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.InverseEpoch;

    /// <summary>Passes over the data.</summary>
    /// <value>Default 100.</value>
    [Range(1, 1_000_000)]
    public int Epochs { get; init; } = 100;

    /// <summary>Images of one step.</summary>
    /// <value>Default 1.</value>
    [Range(1, 4096)]
    public int BatchSize { get; init; } = 1;

    /// <summary>Probability that a 2 x 2 mosaic of images of one class takes the place of an image (APRIL-GAN, AdaCLIP).</summary>
    /// <value>Default 0.</value>
    [Range(0, 1)]
    public double MosaicProbability { get; init; }

    /// <summary>Gradients are scaled down to this total norm; <see langword="null"/>: never.</summary>
    /// <value>Default <see langword="null"/>.</value>
    public double? ClipGradientNorm { get; init; }

    /// <summary>Decay of an exponential moving average of the weights that takes their place at the end; <see langword="null"/>: none.</summary>
    /// <value>Default <see langword="null"/>.</value>
    public double? AverageDecay { get; init; }

    /// <summary>Seed of order and mosaics. Initial weights have the seeds of their modules' options.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>What the learning rate is multiplied with where the schedule goes by epochs.</summary>
    /// <param name="epoch">From 0.</param>
    public double Factor(int epoch) => Factor(epoch, 0, 1);

    /// <summary>What the learning rate is multiplied with.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="step">Of the whole training, from 0.</param>
    /// <param name="steps">All of the training.</param>
    public double Factor(int epoch, long step, long steps) => Schedule switch
    {
        LearningRateSchedule.OneCycle => new OneCycle(1, steps).At(step),
        LearningRateSchedule.InverseEpoch => 1.0 / (epoch + 1),
        LearningRateSchedule.Cosine => 0.5 * (1 + Math.Cos(Math.PI * epoch / Epochs)),
        _ => 1,
    };

    /// <summary>Every fault of these numbers.</summary>
    public IEnumerable<string> Faults()
    {
        var checks = new (bool Fine, string Fault)[]
        {
            (Enum.IsDefined(Optimizer), $"Recipe: unknown optimiser {(int)Optimizer}."),
            (Enum.IsDefined(Schedule), $"Recipe: unknown schedule {(int)Schedule}."),
            (ClipGradientNorm is null or > 0, $"Recipe: {nameof(ClipGradientNorm)} must be above 0."),
            (AverageDecay is null or (>= 0 and < 1), $"Recipe: {nameof(AverageDecay)} must be at least 0 and below 1."),
        };
        return OptionRanges.Faults(this, "Recipe").Concat(checks.Where(c => !c.Fine).Select(c => c.Fault));
    }
}

/// <summary>The one-cycle schedule with cosine annealing (Smith and Topin 2018; torch.optim.lr_scheduler.OneCycleLR).</summary>
/// <param name="Peak">Highest learning rate.</param>
/// <param name="Steps">Number of steps.</param>
internal sealed record OneCycle(double Peak, long Steps)
{
    private const double Rise = 0.3, Start = 1.0 / 25, End = 1e-4 / 25;

    /// <summary>Learning rate of a step, from 0.</summary>
    public double At(long step)
    {
        double top = Math.Max(1, (Rise * Steps) - 1);
        return step <= top ? Between(Start, 1, step / top) : Between(1, End, Math.Min(1, (step - top) / Math.Max(1, Steps - 1 - top)));
    }

    private double Between(double from, double to, double share) => Peak * (to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * share))));
}
