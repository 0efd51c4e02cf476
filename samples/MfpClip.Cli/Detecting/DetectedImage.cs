namespace MfpClip.Cli.Detecting;

/// <summary>What became of one photo: decoded, detected, written.</summary>
internal sealed record DetectedImage
{
    /// <summary>The photo's path.</summary>
    public required string File { get; init; }

    /// <summary>Its pixels; <see langword="null"/> where it cannot be read.</summary>
    public RgbImage? Photo { get; init; }

    /// <summary>The time it took to decode.</summary>
    public TimeSpan Decode { get; init; }

    /// <summary>Result, error, or both where an output failed.</summary>
    public DetectionOutcome? Outcome { get; init; }

    /// <summary>The map over the photo; <see langword="null"/> where it was not drawn.</summary>
    public RgbImage? Overlay { get; init; }

    /// <summary>The file of the overlay; <see langword="null"/> where it was not written.</summary>
    public string? OverlayFile { get; init; }

    /// <summary>The file of the map alone; <see langword="null"/> where it was not written.</summary>
    public string? HeatMapFile { get; init; }

    public DetectedImage Failed(Exception error) => this with
    {
        Outcome = (Outcome ?? new() { ImageName = File }) with { Error = error },
    };
}
