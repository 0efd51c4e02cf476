using System.Text.Json.Serialization;

namespace MfpClip;

/// <summary>
/// Where "normal" ends: thresholds on raw values, how they are shown on a common scale, and what they hold for. Small, immutable, stored as JSON.
/// </summary>
/// <remarks>See docs/calibration.md. A detector of another <see cref="Identity"/> refuses it.</remarks>
public sealed record ScoreCalibration
{
    /// <summary>An image with a raw score at or above this is anomalous. In the range of scores, [0, 1].</summary>
    public required float ImageThreshold { get; init; }

    /// <summary>A pixel with a map value at or above this belongs to a defect region. In the range of maps, [0, 1].</summary>
    public required float PixelThreshold { get; init; }

    /// <summary>Raw score that maps to 0 on the calibrated scale: 0, the lowest there is. Files of version 0.1 have the lowest seen.</summary>
    public required float MinimumScore { get; init; }

    /// <summary>Raw score that maps to 1 on the calibrated scale: 1, the highest there is. Files of version 0.1 have one of their own.</summary>
    public required float MaximumScore { get; init; }

    /// <summary>How the thresholds were chosen, for example "quantile of normal images".</summary>
    public required string Strategy { get; init; }

    /// <summary>False-alarm rate that was requested, where the strategy has one.</summary>
    public double? FalseAlarmRate { get; init; }

    /// <summary>Normal images used.</summary>
    [JsonPropertyName("good_images")]
    public int NormalImages { get; init; }

    /// <summary>Defective images used.</summary>
    public int DefectiveImages { get; init; }

    /// <summary>
    /// Normal images that are called anomalous: of those used, and what to expect of others that are like them. With labelled images it is optimistic, for the
    /// threshold was chosen on them.
    /// </summary>
    public RateEstimate? FalseAlarms { get; init; }

    /// <summary>Defective images that are called normal, likewise; <see langword="null"/> where there were none.</summary>
    public RateEstimate? Misses { get; init; }

    /// <summary>Normal images used in which a pixel reaches <see cref="PixelThreshold"/>.</summary>
    public int NormalImagesWithRegions { get; init; }

    /// <summary>Weights hash of the detector it was made with.</summary>
    public string? WeightsHash { get; init; }

    /// <summary>Class words it was made with; a call without class words takes them.</summary>
    public string? ClassName { get; init; }

    /// <summary>Everything that moved the scores it was made from; <see langword="null"/> in files of version 0.1 and in thresholds set by hand.</summary>
    public ScoreIdentity? Identity { get; init; }

    /// <summary>What should be known before relying on it, as text; empty where there is nothing.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Notices => [.. CalibrationNotices.Of(this)];

    /// <summary>
    /// Brings a raw score to [0, 1] so that 0.5 is the threshold: linear from <see cref="MinimumScore"/> (0) to the threshold, and from there to
    /// <see cref="MaximumScore"/> (1); it rises strictly between them.
    /// </summary>
    public float Calibrate(float score)
    {
        double span = score < ImageThreshold ? (double)ImageThreshold - MinimumScore : (double)MaximumScore - ImageThreshold;
        return span > 0 ? (float)Math.Clamp(0.5 + (0.5 * ((double)score - ImageThreshold) / span), 0, 1)
            : score >= ImageThreshold ? 1f : 0f;
    }

    /// <summary>Whether a raw score is anomalous.</summary>
    public bool IsAnomalous(float score) => score >= ImageThreshold;
}
