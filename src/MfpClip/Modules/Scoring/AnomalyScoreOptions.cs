using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;

namespace MfpClip.Modules.Scoring;

/// <summary>How one number is made of an image.</summary>
public enum ScoreStrategy
{
    /// <summary>Mean of the class token's score and the map's maximum. The default (reconstructed).</summary>
    HalfAndHalf,

    /// <summary>The class token's score.</summary>
    Global,

    /// <summary>The map's maximum.</summary>
    MapMaximum,

    /// <summary>Mean of the map's highest values.</summary>
    TopMean,

    /// <summary>Mean of the class token's score and of the mean of the map's highest values: steadier than the maximum.</summary>
    HalfAndHalfOfTop,
}

/// <summary>Settings of the image score. Immutable.</summary>
public sealed record AnomalyScoreOptions
{
    /// <summary>How the score is made.</summary>
    /// <value>Default <see cref="ScoreStrategy.HalfAndHalf"/>.</value>
    public ScoreStrategy Strategy { get; init; } = ScoreStrategy.HalfAndHalf;

    /// <summary>Scale tau of the cosine similarity of the class token.</summary>
    /// <value>Default 100, CLIP's (reconstructed).</value>
    [Range(1e-3, 1e4)]
    public double Tau { get; init; } = 100;

    /// <summary>
    /// Fraction of the map's pixels, in percent, whose mean <see cref="ScoreStrategy.TopMean"/> and <see cref="ScoreStrategy.HalfAndHalfOfTop"/> take; at least
    /// one pixel.
    /// </summary>
    /// <value>Default 1 %.</value>
    [Range(1e-6, 100)]
    public double TopPercent { get; init; } = 1;

    /// <summary>Every fault of these settings.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (string fault in OptionRanges.Faults(this, "Anomaly score"))
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Strategy))
        {
            yield return $"Anomaly score: unknown strategy {(int)Strategy}; choose {string.Join(", ", Enum.GetNames<ScoreStrategy>())}.";
        }

    }
}
