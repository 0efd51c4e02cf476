using MfpClip.Execution;

namespace MfpClip.Modules.Mask;

/// <summary>Makes the variant that options ask for.</summary>
internal static class MaskPrompt
{
    /// <summary>A module with initialization from the seed, on the CPU in float32.</summary>
    /// <exception cref="DetectorConfigurationException">The options do not fit the model.</exception>
    public static IMaskPrompt Create(MaskPromptOptions options, ModuleDimensions dimensions)
    {
        var faults = options.Faults(dimensions).ToList();
        if (faults.Count > 0)
        {
            throw new DetectorConfigurationException(faults);
        }

        return options.Variant switch
        {
            MaskPromptVariant.Learned => new LearnedMaskPrompt(options, dimensions),
            MaskPromptVariant.Prototype => new PrototypeMaskPrompt(options),
            _ => new NoMaskPrompt(),
        };
    }

    /// <summary>m: the coarse map averaged onto the patch grid.</summary>
    /// <param name="coarseMap">M_c, <c>[B, H, W]</c>.</param>
    /// <param name="rows">Patches down.</param>
    /// <param name="columns">Patches across.</param>
    /// <param name="detach">Whether gradients stop here.</param>
    /// <returns><c>[B, 1, g, g']</c>.</returns>
    public static Tensor Pool(Tensor coarseMap, long rows, long columns, bool detach)
    {
        using var scope = torch.NewDisposeScope();
        var map = detach ? coarseMap.detach() : coarseMap;
        return F.adaptive_avg_pool2d(map.unsqueeze(1), [rows, columns]).MoveToOuterDisposeScope();
    }
}

/// <summary>MP switched off: the coarse map stays as it is.</summary>
internal sealed class NoMaskPrompt : WeightedModule, IMaskPrompt
{
    /// <inheritdoc/>
    public override string CheckpointPrefix => "mp";

    /// <inheritdoc/>
    public MaskPromptResult? Apply(IReadOnlyList<Tensor> Z, Tensor t, Tensor coarseMap, ForwardContext context) => null;

    /// <inheritdoc/>
    public override StageDescription Describe() => new() { Stage = "mask prompt (MP)", Component = "off" };
}
