using MfpClip.Evaluation;

namespace MfpClip.Training.Studies;

/// <summary>Progress of one run, from training and from testing.</summary>
/// <param name="phase">Called with the name of the phase and the finished fraction of it.</param>
internal sealed class StudyProgress(Action<string, double>? phase) : IProgress<TrainingProgress>, IProgress<EvaluationProgress>
{
    public void Phase(string name, double share) => phase?.Invoke(name, share);

    public void Report(TrainingProgress value) =>
        Phase("training", (((double)value.Epoch * value.StepsPerEpoch) + value.Step) / ((double)value.Epochs * value.StepsPerEpoch));

    public void Report(EvaluationProgress value) => Phase("testing", (double)value.Done / value.Total);
}
