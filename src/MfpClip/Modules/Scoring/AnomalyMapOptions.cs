using System.ComponentModel.DataAnnotations;
using System.Globalization;
using MfpClip.Diagnostics;

namespace MfpClip.Modules.Scoring;

/// <summary>Which stages' maps become one.</summary>
public enum StageFusion
{
    /// <summary>Mean of the stages' probabilities. The default (given by the paper).</summary>
    Mean,

    /// <summary>Mean of the stages' logits before the softmax.</summary>
    MeanOfLogits,

    /// <summary>The stage that finds a pixel most abnormal decides.</summary>
    Maximum,

    /// <summary>Sum of the stages' probabilities, as APRIL-GAN and AnomalyCLIP publish their maps: from 0 to the number of stages.</summary>
    Sum,
}

/// <summary>When patch logits are brought to the size of the map.</summary>
public enum MapUpsampling
{
    /// <summary>Logits are upsampled, then the softmax runs on each pixel. The default.</summary>
    BeforeSoftmax,

    /// <summary>The softmax runs on each patch, then probabilities are upsampled: much less work on large maps, softer borders.</summary>
    AfterSoftmax,
}

/// <summary>Settings of the anomaly map. Immutable.</summary>
public sealed record AnomalyMapOptions
{
    /// <summary>Scale tau of the cosine similarity.</summary>
    /// <value>Default 100, CLIP's (reconstructed).</value>
    [Range(1e-3, 1e4)]
    public double Tau { get; init; } = 100;

    /// <summary>When patches become pixels.</summary>
    /// <value>Default <see cref="MapUpsampling.BeforeSoftmax"/>.</value>
    public MapUpsampling Upsampling { get; init; } = MapUpsampling.BeforeSoftmax;

    /// <summary>How stages become one map.</summary>
    /// <value>Default <see cref="StageFusion.Mean"/>.</value>
    public StageFusion Fusion { get; init; } = StageFusion.Mean;

    /// <summary>Which stages are in the map, 1-based; empty: all.</summary>
    /// <value>Default empty (given by the paper). Early stages see detail without its surroundings.</value>
    public IReadOnlyList<int> Stages { get; init; } = [];

    /// <summary>Whether upsampling lays corner patches on corner pixels.</summary>
    /// <value>Default false.</value>
    public bool AlignCorners { get; init; }

    /// <summary>Width in pixels of the model's map of the Gaussian that smooths the finished map, as scipy's <c>gaussian_filter</c>; 0: none.</summary>
    /// <value>Default 0. The compared methods use 4.</value>
    [Range(0, 100)]
    public double SmoothingSigma { get; init; }

    /// <summary>Every fault of these settings.</summary>
    /// <param name="stages">How many stages there are; <see langword="null"/>: not known yet.</param>
    internal IEnumerable<string> Faults(int? stages = null)
    {
        foreach (string fault in OptionRanges.Faults(this, "Anomaly map"))
        {
            yield return fault;
        }

        if (Stages.Any(s => s < 1 || s > (stages ?? int.MaxValue)) || Stages.Distinct().Count() < Stages.Count)
        {
            yield return $"Anomaly map: the stages are {string.Join(", ", Stages)}; each must be from 1 to "
                + $"{stages?.ToString(CultureInfo.InvariantCulture) ?? "the number of stages"}, and be named once.";
        }

        if (!Enum.IsDefined(Upsampling))
        {
            yield return $"Anomaly map: unknown upsampling {(int)Upsampling}; choose {string.Join(", ", Enum.GetNames<MapUpsampling>())}.";
        }

        if (!Enum.IsDefined(Fusion))
        {
            yield return $"Anomaly map: unknown fusion {(int)Fusion}; choose {string.Join(", ", Enum.GetNames<StageFusion>())}.";
        }
    }
}
