using System.Globalization;
using MfpClip.Pipeline;
using MfpClip.Weights;

namespace MfpClip.Methods.AprilGan;

/// <summary>The authors' files: <c>trainable_linearlayer.fc.I.weight</c> and <c>.bias</c>, I from 0 in the order of the layers.</summary>
internal sealed class AprilGanCheckpoint : ICheckpointLayout
{
    private static readonly string[] Prefixes = ["trainable_linearlayer.fc.", "fc."];

    public string Name => "APRIL-GAN";

    public bool Matches(IReadOnlyDictionary<string, WeightTensorInfo> tensors) =>
        tensors.Count >= 2 && tensors.Keys.All(n => Rename(n) is not null)
        && tensors.All(t => t.Value.Shape.Count == (t.Key.EndsWith(".weight", StringComparison.Ordinal) ? 2 : 1));

    public string? Rename(string name)
    {
        string? rest = Prefixes.Where(p => name.StartsWith(p, StringComparison.Ordinal)).Select(p => name[p.Length..]).FirstOrDefault();
        int dot = rest?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        return dot > 0 && rest![dot..] is ".weight" or ".bias"
            && int.TryParse(rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int layer) && layer < 10_000
            ? $"mpfa.linear{layer + 1}{rest[dot..]}"
            : null;
    }
}
