using MfpClip.Objectives;

namespace MfpClip.Training.Checkpoints;

/// <summary>Where a training stands and what it has seen; everything that a resumed run needs besides the tensors.</summary>
internal sealed record TrainingState
{
    /// <summary>Epoch that is running, from 0; equal to the recipe's epochs when all are done.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps done of that epoch.</summary>
    public int Step { get; init; }

    /// <summary>Steps done of the whole training.</summary>
    public long TotalSteps { get; init; }

    /// <summary>Images of this epoch so far.</summary>
    public long EpochImages { get; init; }

    /// <summary>Sum over these images of the loss.</summary>
    public double LossSum { get; init; }

    /// <summary>Sum over these images of each term.</summary>
    public IReadOnlyDictionary<string, double> TermSums { get; init; } = new Dictionary<string, double>();

    /// <summary>Sum over the epoch's steps of the gradients' norm.</summary>
    public double NormSum { get; init; }

    /// <summary>Seconds that the epoch's steps took so far.</summary>
    public double EpochSeconds { get; init; }

    /// <summary>Finished epochs.</summary>
    public IReadOnlyList<EpochRecord> History { get; init; } = [];

    /// <summary>What cannot be true of a training; <see langword="null"/>: nothing.</summary>
    /// <param name="epochs">Epochs of its recipe.</param>
    public string? Fault(int epochs)
    {
        string? position = Epoch < 0 || Epoch > epochs ? $"epoch {Epoch} of {epochs}"
            : Step < 0 || TotalSteps < Step || EpochImages < 0 ? $"step {Step} of {TotalSteps} with {EpochImages} images"
            : History is null || TermSums is null || History.Any(h => h is null) || History.Count != Epoch ? "its history does not fit its epoch" : null;
        return position ?? (double.IsFinite(LossSum) && double.IsFinite(NormSum) && double.IsFinite(EpochSeconds) && TermSums!.Values.All(double.IsFinite)
            ? null : "sums that are not finite");
    }

    /// <summary>After one more step of an epoch.</summary>
    public TrainingState After(TrainingLoss loss, double total, int images, double norm, double seconds) => this with
    {
        Step = Step + 1,
        TotalSteps = TotalSteps + 1,
        EpochImages = EpochImages + images,
        LossSum = LossSum + (total * images),
        TermSums = loss.Terms.Select(t => t.Key).Union(TermSums.Keys).ToDictionary(
            k => k, k => TermSums.GetValueOrDefault(k) + (images * loss.Terms.FirstOrDefault(t => t.Key == k).Value), StringComparer.Ordinal),
        NormSum = NormSum + norm,
        EpochSeconds = EpochSeconds + seconds,
    };

    /// <summary>At the start of the next epoch, with this one in the history.</summary>
    public TrainingState NextEpoch(double learningRate)
    {
        double images = Math.Max(EpochImages, 1);
        return new()
        {
            Epoch = Epoch + 1,
            TotalSteps = TotalSteps,
            History =
            [
                .. History,
                new(Epoch, LossSum / images, TermSums.ToDictionary(t => t.Key, t => t.Value / images, StringComparer.Ordinal),
                    learningRate, NormSum / Math.Max(Step, 1), EpochSeconds),
            ],
        };
    }
}
