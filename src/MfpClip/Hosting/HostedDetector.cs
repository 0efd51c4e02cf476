namespace MfpClip.Hosting;

/// <summary>How far a detector of the host is.</summary>
internal enum HostedState
{
    /// <summary>Nobody has asked for it.</summary>
    NotLoaded,

    /// <summary>Weights are loaded, or the first detection runs.</summary>
    Loading,

    /// <summary>It detects.</summary>
    Ready,

    /// <summary>It could not be loaded, or its first detection failed; the next caller tries again.</summary>
    Failed,
}

/// <summary>A registered detector and how far it is. Safe for concurrent callers.</summary>
internal sealed class HostedDetector(string? key)
{
    private readonly Lock _gate = new();
    private HostedStatus _status = new(HostedState.NotLoaded, null, null);
    private bool _warmingUp;

    /// <summary><see langword="null"/>: the one without a key.</summary>
    public string? Key => key;

    public HostedStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _status;
            }
        }
    }

    /// <summary>That the host will run it once before it counts as ready.</summary>
    public void BeginWarmUp() => Set(_status with { State = HostedState.Loading, Failure = null }, warmingUp: true);

    /// <summary>That it detects: the first detection has run, or the container gave a detector that somebody else registered in its place.</summary>
    public void Ready(DetectorDescription description) => Set(new(HostedState.Ready, description, null), warmingUp: false);

    /// <summary>That it cannot be loaded or run.</summary>
    public void Fail(Exception failure) => Set(_status with { State = HostedState.Failed, Failure = failure }, warmingUp: false);

    /// <summary>Makes it; what fails is kept for the health check.</summary>
    public ZeroShotDetector Load(Func<ZeroShotDetector> build)
    {
        Set(_status with { State = HostedState.Loading, Failure = null }, _warmingUp);
        try
        {
            var detector = build();
            Set(new(_warmingUp ? HostedState.Loading : HostedState.Ready, detector.Description, null), _warmingUp);
            return detector;
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
    }

    private void Set(HostedStatus status, bool warmingUp)
    {
        lock (_gate)
        {
            (_status, _warmingUp) = (status, warmingUp);
        }
    }
}

/// <summary>How far a detector is, what it is where it is loaded, and why not where that failed.</summary>
internal sealed record HostedStatus(HostedState State, DetectorDescription? Description, Exception? Failure)
{
    /// <summary>Stages whose weights are random or untrained: maps and scores mean nothing there.</summary>
    public IReadOnlyList<string> RandomStages => Description is null ? []
        : [.. Description.Stages.Where(s => s.Weights.Any(IsRandom)).Select(s => s.Stage)];

    private static bool IsRandom(WeightsDescription weights) =>
        weights.Source == "untrained" || weights.Source.StartsWith("random (", StringComparison.Ordinal);
}
