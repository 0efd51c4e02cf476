namespace MfpClip.Distributed;

/// <summary>How a worker works.</summary>
public sealed record WorkerOptions
{
    /// <summary>Its name in results, logs and metrics.</summary>
    /// <value>Default: machine and process.</value>
    public string Name { get; init; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>Images in one forward pass at most.</summary>
    /// <value>Default <see langword="null"/>: the batch size of the detector's recipe.</value>
    public int? BatchSize { get; init; }

    /// <summary>How long a batch waits for more images after its first one.</summary>
    /// <value>Default 50 milliseconds.</value>
    public TimeSpan BatchWait { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Deliveries in hand at most, whatever the queue holds: memory and what a worker that dies leaves to be delivered again. Reported to be in work at a third
    /// of the time to answer.
    /// </summary>
    /// <value>Default 16.</value>
    public int MaximumHeld { get; init; } = 16;

    /// <summary>Images that are fetched and decoded at a time.</summary>
    /// <value>Default: half of the cores, 1 to 8.</value>
    public int Decoders { get; init; } = Math.Clamp(ThreadLimit.Count / 2, 1, 8);

    /// <summary>Deliveries of one message at most; after them it is given up, with its reason.</summary>
    /// <value>Default 5.</value>
    public int MaximumAttempts { get; init; } = 5;

    /// <summary>Delay of the first retry of an image that could not be fetched; each further one has four times that, at most ten minutes.</summary>
    /// <value>Default 1 second.</value>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one image may take; after that it is not reported to be in work any more, and another worker gets it.</summary>
    /// <value>Default 10 minutes.</value>
    public TimeSpan MaximumTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Longer side of the map that a result holds, 0 to 1024; 0: none.</summary>
    /// <value>Default 320.</value>
    public int MapSide { get; init; } = 320;

    /// <summary>Bytes of an image at most.</summary>
    /// <value>Default 256 MiB.</value>
    public long MaximumImageBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>What is wrong with the options, as text; empty where nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        Check(string.IsNullOrWhiteSpace(Name), "Name is empty");
        Check(BatchSize is < 1, $"BatchSize is {BatchSize}; it is at least 1");
        Check(BatchWait < TimeSpan.Zero || BatchWait > TimeSpan.FromMinutes(1), $"BatchWait is {BatchWait}; it is 0 to a minute");
        Check(MaximumHeld < 1 || MaximumHeld > 4096, $"MaximumHeld is {MaximumHeld}; it is 1 to 4096");
        Check(BatchSize > MaximumHeld, $"BatchSize is {BatchSize}, above MaximumHeld {MaximumHeld}: no batch would fill up");
        Check(Decoders is < 1 or > 64, $"Decoders is {Decoders}; it is 1 to 64");
        Check(MaximumAttempts is < 1 or > 1000, $"MaximumAttempts is {MaximumAttempts}; it is 1 to 1000");
        Check(RetryDelay < TimeSpan.Zero, $"RetryDelay is {RetryDelay}; it is not below 0");
        Check(MaximumTime <= TimeSpan.Zero, $"MaximumTime is {MaximumTime}; it is above 0");
        Check(MapSide is < 0 or > ReducedMap.MaximumSide, $"MapSide is {MapSide}; it is 0 to {ReducedMap.MaximumSide}");
        Check(MaximumImageBytes < 1, $"MaximumImageBytes is {MaximumImageBytes}; it is at least 1");
        return faults;

        void Check(bool wrong, string fault)
        {
            if (wrong)
            {
                faults.Add(fault);
            }
        }
    }

    /// <summary>The delay before a further delivery.</summary>
    internal TimeSpan DelayAfter(int attempt)
    {
        double seconds = RetryDelay.TotalSeconds * Math.Pow(4, Math.Min(attempt - 1, 10));
        return TimeSpan.FromSeconds(Math.Min(seconds, 600));
    }
}
