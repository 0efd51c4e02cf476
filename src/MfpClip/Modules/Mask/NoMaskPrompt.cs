using MfpClip.Execution;

namespace MfpClip.Modules.Mask;

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
