using System.Runtime.CompilerServices;
using MfpClip.Detection;
using MfpClip.Objectives;
using MfpClip.Pipeline;
using MfpClip.Text;

namespace MfpClip.CustomMethod;

/// <summary>Settings of the linear probe.</summary>
public sealed record LinearProbeOptions
{
    /// <summary>Factor of cosines before the softmax, at initialization.</summary>
    public double Scale { get; init; } = 20;

    /// <summary>Fraction of a map's highest values whose mean is the score.</summary>
    public double TopFraction { get; init; } = 0.01;

    /// <summary>Sentences of both states.</summary>
    public PromptTemplates Templates { get; init; } = PromptEnsembles.WinClip;

    /// <summary>What it is trained with.</summary>
    public TrainingRecipe Recipe { get; init; } = new() { LearningRate = 0.05, Epochs = 2, BatchSize = 4, Schedule = LearningRateSchedule.Constant };
}

/// <summary>
/// A whole method outside the library: patches of the last block against the two states, with a scale and a bias for each state that are trained.
/// Three numbers, but everything a method has: a forward pass, an objective, a checkpoint layout, a name.
/// </summary>
public sealed class LinearProbeMethod(LinearProbeOptions options) : IDetectionMethod
{
    /// <summary>What it is.</summary>
    public static MethodDescription About { get; } = new("linear-probe", "Linear probe")
    {
        Summary = "patches against both states, with a trained scale and bias; a sample", IsTrained = true, RunsPipeline = false,
    };

    /// <inheritdoc/>
    public MethodDescription Description => About;

    /// <inheritdoc/>
    public object Options => options;

    /// <inheritdoc/>
    public IReadOnlyList<ICheckpointLayout> Checkpoints { get; } = [new LinearProbeCheckpoint()];

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (!(options.Scale is > 0 and < 1000))
        {
            yield return FormattableString.Invariant(
                $"Linear probe: {nameof(LinearProbeOptions.Scale)} is {options.Scale}; it must be above 0 and below 1000.");
        }

        if (!(options.TopFraction is > 0 and <= 1))
        {
            yield return FormattableString.Invariant(
                $"Linear probe: {nameof(LinearProbeOptions.TopFraction)} is {options.TopFraction}; it must be above 0 and at most 1.");
        }
    }

    /// <inheritdoc/>
    public IDetectionPass CreatePass(MethodContext context) => new LinearProbePass(options, context);

#pragma warning disable CA2255 // What 'mfpclip --plugin' runs; a program may call DetectorRegistry.Default.AddMethod itself.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register() => DetectorRegistry.Default.AddMethod(About, (LinearProbeOptions o) => new LinearProbeMethod(o));
}

/// <summary>The linear probe on a builder, as the built-in methods have it.</summary>
public static class LinearProbeBuilderExtensions
{
    /// <summary>Makes this the linear probe.</summary>
    public static ZeroShotDetectorBuilder UseLinearProbe(this ZeroShotDetectorBuilder builder, LinearProbeOptions? options = null) =>
        builder.UseMethod(new LinearProbeMethod(options ?? new()));
}
