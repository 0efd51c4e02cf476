using System.Globalization;
using System.Text.Json.Serialization;

namespace MfpClip;

/// <summary>What a detector says about one image. Managed memory only: keep it as long as you like.</summary>
public sealed record AnomalyResult
{
    /// <summary>Name of the image, usually its path.</summary>
    public required string ImageName { get; init; }

    /// <summary>Class name that was used in the prompts.</summary>
    public required string ClassName { get; init; }

    /// <summary>Raw anomaly score in [0,1]; higher is more anomalous. Not a probability.</summary>
    public required float Score { get; init; }

    /// <summary>Score on the calibration's scale, where 0.5 is the threshold; <see langword="null"/> without a calibration.</summary>
    public float? CalibratedScore { get; init; }

    /// <summary>Whether the score reaches the calibration's threshold; <see langword="null"/> without a calibration.</summary>
    public bool? IsAnomalous { get; init; }

    /// <summary>Raw score from which an image counts as anomalous; <see langword="null"/> without a calibration.</summary>
    public float? Threshold { get; init; }

    /// <summary>Map at the resolution of the model's input; of an image in tiles, all of them put together.</summary>
    public required AnomalyMap ModelMap { get; init; }

    /// <summary>
    /// Map at the resolution of the image; <see langword="null"/> where it was not requested, or where the image was read in rows and has too many pixels
    /// (<see cref="Notices"/> says so): <see cref="ModelMap"/> shows the same, coarser.
    /// </summary>
    public AnomalyMap? ImageMap { get; init; }

    /// <summary>Width of the image in pixels, upright.</summary>
    public required int ImageWidth { get; init; }

    /// <summary>Height of the image in pixels, upright.</summary>
    public required int ImageHeight { get; init; }

    /// <summary>Connected regions at or above the pixel threshold, by falling peak, in pixels of the image.</summary>
    public IReadOnlyList<DefectRegion> Regions { get; init => field = value ?? []; } = [];

    /// <summary>
    /// Name of the reference with the same pixels, where the image was compared with it: the score is then lower than that of any other normal image.
    /// <see langword="null"/>: none, or left out (<see cref="DetectionOptions.LeaveOneOut"/>).
    /// </summary>
    public string? EqualReference { get; init; }

    /// <summary>
    /// Everything that moved the score: what a calibration from this result is bound to. <see langword="null"/> where a detector does not say.
    /// </summary>
    [JsonIgnore]
    public ScoreIdentity? Identity { get; init; }

    /// <summary>
    /// The pixels that were inspected: the region of interest of the call or the detector, without what the preprocessor cut off. Of the image's size, or
    /// coarser (of a large image) and stretched over it; <see langword="null"/>: all pixels.
    /// </summary>
    [JsonIgnore]
    public RegionOfInterest? InspectedRegion { get; init; }

    /// <summary>Map value that separated regions from background.</summary>
    public required float PixelThreshold { get; init; }

    /// <summary>The tiles that it was detected in; <see langword="null"/>: as a whole.</summary>
    public ImageTiles? Tiles { get; init; }

    /// <summary>What the reader of the result should know, as sentences: a map that is left out, an image that is shrunk too much for small defects.</summary>
    public IReadOnlyList<string> Notices { get; init => field = value ?? []; } = [];

    /// <summary>How long each stage took.</summary>
    public required DetectionTimings Timings { get; init; }

    /// <summary>One line, independent of the culture: name, score, decision, regions, size of the image, time.</summary>
    public override string ToString()
    {
        string calibrated = CalibratedScore is { } c ? string.Create(CultureInfo.InvariantCulture, $" (calibrated {c:0.###})") : string.Empty;
        string decision = IsAnomalous switch { true => ", anomalous", false => ", normal", _ => string.Empty };
        string regions = Regions.Count == 1 ? "1 region" : $"{Regions.Count} regions";
        return string.Create(CultureInfo.InvariantCulture,
            $"{ImageName}: score {Score:0.###}{calibrated}{decision}, {regions}, {ImageWidth} x {ImageHeight}, {Timings.Total.TotalMilliseconds:0.#} ms");
    }
}

/// <summary>Wall time of each stage for the batch the image was in.</summary>
public sealed record DetectionTimings
{
    /// <summary>Reading and decoding this image.</summary>
    public TimeSpan Decode { get; init; }

    /// <summary>Resizing and normalising.</summary>
    public TimeSpan Preprocess { get; init; }

    /// <summary>The forward pass: towers, prompts, map and score.</summary>
    public TimeSpan Forward { get; init; }

    /// <summary>Map to image resolution, regions, decision.</summary>
    public TimeSpan Postprocess { get; init; }

    /// <summary>Finer parts of the forward pass by name, for example "image tower".</summary>
    public IReadOnlyDictionary<string, TimeSpan> ForwardStages { get; init => field = value ?? new Dictionary<string, TimeSpan>(); }
        = new Dictionary<string, TimeSpan>();

    /// <summary>Images that shared the forward pass.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>All stages together.</summary>
    public TimeSpan Total => Decode + Preprocess + Forward + Postprocess;

    /// <summary>One line, independent of the culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"decode {Decode.TotalMilliseconds:0.#} ms, preprocess {Preprocess.TotalMilliseconds:0.#} ms, forward {Forward.TotalMilliseconds:0.#} ms, ")
        + string.Create(CultureInfo.InvariantCulture, $"postprocess {Postprocess.TotalMilliseconds:0.#} ms, batch of {BatchSize}");
}
