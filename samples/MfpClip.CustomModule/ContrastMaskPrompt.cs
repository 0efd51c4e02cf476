using MfpClip.Execution;
using MfpClip.Modules.Mask;
using TorchSharp;
using static TorchSharp.torch;

namespace MfpClip.CustomModule;

/// <summary>
/// A mask prompt of one's own, without training: patches that the coarse map marks are pushed away from the mean of the others.
/// Everything it needs is public; it could live in any assembly.
/// </summary>
/// <param name="strength">How far a patch of mask value 1 is pushed.</param>
public sealed class ContrastMaskPrompt(double strength) : IMaskPrompt
{
    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Weights => [];

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Stage = "mask prompt (MP)",
        Component = "contrast (sample)",
        Options = new Dictionary<string, string> { ["strength"] = strength.ToString(System.Globalization.CultureInfo.InvariantCulture) },
    };

    /// <inheritdoc/>
    public MaskPromptResult? Apply(IReadOnlyList<Tensor> Z, Tensor t, Tensor coarseMap, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var prompted = new List<Tensor>(Z.Count);
        foreach (var z in Z) // [B, C, g, g]
        {
            var m = nn.functional.adaptive_avg_pool2d(coarseMap.unsqueeze(1), [z.shape[2], z.shape[3]]).to_type(z.dtype); // [B, 1, g, g]
            var rest = (z * (1 - m)).sum([2, 3], keepdim: true) / ((1 - m).sum([2, 3], keepdim: true) + 1e-6);
            prompted.Add((z + (strength * m * (z - rest))).MoveToOuterDisposeScope());
        }

        return new(prompted, [.. Z.Select(_ => t.alias().MoveToOuterDisposeScope())]);
    }

    /// <inheritdoc/>
    public void To(Device device)
    {
        // No weights to move.
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // No weights to free.
    }
}
