using MfpClip.Evaluation;
using Microsoft.Extensions.Logging;

namespace MfpClip.Training.Studies;

/// <summary>Progress of one run, from training and from testing.</summary>
/// <param name="phase">Called with the name of the phase and the finished fraction of it.</param>
internal sealed class StudyProgress(Action<string, double, long>? phase) : IProgress<TrainingProgress>, IProgress<EvaluationProgress>
{
    private long _images;

    public void Phase(string name, double share) => phase?.Invoke(name, share, _images);

    public void Report(TrainingProgress value)
    {
        long steps = ((long)value.Epoch * value.StepsPerEpoch) + value.Step;
        _images = steps * value.BatchSize;
        Phase("training", steps / ((double)value.Epochs * value.StepsPerEpoch));
    }

    public void Report(EvaluationProgress value)
    {
        _images = value.Done;
        Phase("testing", (double)value.Done / value.Total);
    }
}

/// <summary>What ablations and comparisons log.</summary>
internal static partial class StudyLog
{
    [LoggerMessage(120, LogLevel.Information, "Ablation: '{Row}' with seed {Seed} in {Folder}")]
    public static partial void Ablating(ILogger logger, string row, long seed, string folder);

    [LoggerMessage(140, LogLevel.Information, "Comparison: {Method} with seed {Seed} in {Folder}")]
    public static partial void Comparing(ILogger logger, string method, long seed, string folder);

    [LoggerMessage(141, LogLevel.Warning, "Comparison: {Method} cannot be composed: {Reason}")]
    public static partial void NotComposed(ILogger logger, string method, string reason);
}
