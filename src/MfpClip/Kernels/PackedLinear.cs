using MfpClip.Native;

namespace MfpClip.Kernels;

/// <summary>
/// A linear layer through oneDNN with the weight brought into its blocked layout once, not at every call. Costs a second copy of the weight.
/// </summary>
internal sealed class PackedLinear : ILinearKernel
{
    public static PackedLinear Instance { get; } = new();

    public string Name => "oneDNN, packed weight";

    public bool Serves(Tensor input) =>
        input.device.type == DeviceType.CPU && OneDnnScript.IsAvailable
        && (input.dtype == ScalarType.Float32 || (input.dtype == ScalarType.BFloat16 && !OneDnnInstructions.ExcludesBFloat16));

    public Tensor Apply(Tensor input, LinearLayer layer)
    {
        using var scope = torch.NewDisposeScope();
        long rows = input.numel() / input.shape[^1];
        var packed = layer.Packed(this, l => OneDnnScript.Pack(l.Weight, rows));
        return OneDnnScript.Linear(input.contiguous(), packed, layer.Bias).MoveToOuterDisposeScope();
    }
}
