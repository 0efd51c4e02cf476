using MfpClip.Pipeline;
using MfpClip.Weights;

namespace MfpClip.CustomMethod;

/// <summary>A checkpoint as the probe's "authors" publish it: <c>probe.temperature</c> and <c>probe.state_bias</c>.</summary>
internal sealed class LinearProbeCheckpoint : ICheckpointLayout
{
    public string Name => "linear probe";

    public bool Matches(IReadOnlyDictionary<string, WeightTensorInfo> tensors) =>
        tensors.ContainsKey("probe.temperature") && tensors.ContainsKey("probe.state_bias");

    public string? Rename(string name) => name switch
    {
        "probe.temperature" => LinearProbePass.ScaleName,
        "probe.state_bias" => LinearProbePass.BiasName,
        "probe.author" => null, // says who trained it
        _ => name, // named as unexpected
    };
}
