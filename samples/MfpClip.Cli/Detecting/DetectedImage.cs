namespace MfpClip.Cli.Detecting;

/// <summary>What became of one photo: decoded, detected, written.</summary>
internal sealed record DetectedImage
{
    /// <summary>Pixels of a photo whose overlay is drawn in its own size.</summary>
    public const long MostDrawn = 50_000_000;

    /// <summary>The photo's path.</summary>
    public required string File { get; init; }

    /// <summary>
    /// Its pixels; <see langword="null"/> where it cannot be read. Of one that is read by rows a small picture, made when its outputs are written.
    /// </summary>
    public RgbImage? Photo { get; init; }

    /// <summary>Whether it is so large that the detector reads the file by rows.</summary>
    public bool IsReadByRows { get; init; }

    /// <summary>What the detector takes.</summary>
    public ImageInput Input => Photo is { } photo ? ImageInput.FromPixels(photo, File) : ImageInput.FromFile(File);

    /// <summary>Whether it takes so much memory, with its map and overlay, that only one such is in work at a time.</summary>
    public bool IsLarge => IsReadByRows || (Photo is { } photo && photo.Data.LongLength > 48_000_000);

    /// <summary>Whether its outputs are drawn smaller than it is.</summary>
    public bool IsReduced => IsReadByRows || (Photo is { } photo && (long)photo.Width * photo.Height > MostDrawn);

    /// <summary>Whether it can be read.</summary>
    public bool IsReadable => Photo is not null || (IsReadByRows && Outcome?.Error is not ImageDecodeException);

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

    /// <summary>The page that zooms into it; <see langword="null"/> where it was not written.</summary>
    public string? ZoomFile { get; init; }

    /// <summary>What readers must know of its outputs, beside <see cref="AnomalyResult.Notices"/>.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    public DetectedImage Failed(Exception error) => this with
    {
        Outcome = (Outcome ?? new() { ImageName = File }) with { Error = error },
    };
}
