using System.Text.Json.Serialization;

namespace MfpClip;

/// <summary>
/// Where "good" ends: thresholds on raw values, with what is needed to show them on a common scale. Small, immutable, stored as JSON.
/// </summary>
public sealed record ScoreCalibration
{
    /// <summary>An image with a raw score at or above this is anomalous.</summary>
    public required float ImageThreshold { get; init; }

    /// <summary>A pixel with a map value at or above this belongs to a defect region.</summary>
    public required float PixelThreshold { get; init; }

    /// <summary>Lowest raw score seen; maps to 0 on the calibrated scale.</summary>
    public required float MinimumScore { get; init; }

    /// <summary>Highest raw score expected; maps to 1 on the calibrated scale.</summary>
    public required float MaximumScore { get; init; }

    /// <summary>How the thresholds were chosen, for example "quantile of normal images".</summary>
    public required string Strategy { get; init; }

    /// <summary>False-alarm rate asked for, where the strategy has one.</summary>
    public double? FalseAlarmRate { get; init; }

    /// <summary>Normal images used.</summary>
    [JsonPropertyName("good_images")]
    public int NormalImages { get; init; }

    /// <summary>Defective images used.</summary>
    public int DefectiveImages { get; init; }

    /// <summary>Weights hash of the detector it was made with; applying it to another detector is refused.</summary>
    public string? WeightsHash { get; init; }

    /// <summary>Class name it was made with.</summary>
    public string? ClassName { get; init; }

    /// <summary>Maps a raw score so that 0.5 is the threshold; piecewise linear, clipped to [0,1].</summary>
    public float Calibrate(float score)
    {
        var span = score < ImageThreshold ? ImageThreshold - MinimumScore : MaximumScore - ImageThreshold;
        if (!(span > 0))
        {
            return score >= ImageThreshold ? 1f : 0f;
        }

        return Math.Clamp(0.5f + (0.5f * (score - ImageThreshold) / span), 0f, 1f);
    }

    /// <summary>Whether a raw score is anomalous.</summary>
    public bool IsAnomalous(float score) => score >= ImageThreshold;
}
