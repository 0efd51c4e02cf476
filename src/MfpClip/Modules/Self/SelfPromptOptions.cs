using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;

namespace MfpClip.Modules.Self;

/// <summary>What the adapters of the self prompt read.</summary>
public enum SelfPromptVariant
{
    /// <summary>Every adapter reads the pooled feature of the CNN's last map. The default.</summary>
    Pooled,

    /// <summary>Adapter k reads the pooled map of CNN level 5-K+k: shallow to deep (reconstructed).</summary>
    Levels,

    /// <summary>No visual prompts: the ablation's "without SP".</summary>
    Off,
}

/// <summary>Settings of the self prompt, SP. Immutable.</summary>
public sealed record SelfPromptOptions
{
    /// <summary>What the adapters read.</summary>
    /// <value>Default <see cref="SelfPromptVariant.Pooled"/>.</value>
    public SelfPromptVariant Variant { get; init; } = SelfPromptVariant.Pooled;

    /// <summary>Number of linear adapters, and so of prompt tokens, K.</summary>
    /// <value>Default 5 (given by the paper).</value>
    [Range(1, 1024)]
    public int AdapterCount { get; init; } = 5;

    /// <summary>1-based stages whose input receives prompts; each has its own adapters.</summary>
    /// <value>Default {1} (given by the paper: later stages brought no clear gain and cost time).</value>
    public IReadOnlyList<int> Stages { get; init; } = [1];

    /// <summary>Seed of the initialization.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>Every fault of these settings for a model of that size.</summary>
    internal IEnumerable<string> Faults(ModuleDimensions dimensions)
    {
        foreach (string fault in OptionRanges.Faults(this, "SP"))
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Variant))
        {
            yield return $"SP: unknown variant {(int)Variant}; choose {string.Join(", ", Enum.GetNames<SelfPromptVariant>())}.";
        }

        if (Variant == SelfPromptVariant.Off)
        {
            yield break;
        }

        if (dimensions.FeatureDim < 1)
        {
            yield return $"SP: variant {Variant} reads CNN features, but there is no CNN; add one or choose {SelfPromptVariant.Off}.";
        }
        else if (Variant == SelfPromptVariant.Levels && AdapterCount > dimensions.LevelDims.Count)
        {
            yield return $"SP: {AdapterCount} adapters need as many CNN levels, and the CNN has {dimensions.LevelDims.Count}; lower {nameof(AdapterCount)} or "
                + $"choose {SelfPromptVariant.Pooled}.";
        }

        if (Stages.Count == 0 || Stages.Distinct().Count() != Stages.Count || Stages.Any(s => s < 1 || s > dimensions.Stages))
        {
            yield return $"SP: {nameof(Stages)} is {{{string.Join(", ", Stages)}}}; name each prompted stage once, from 1 to {dimensions.Stages}, or choose "
                + $"{SelfPromptVariant.Off}.";
        }
    }
}
