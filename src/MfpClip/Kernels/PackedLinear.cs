using MfpClip.Native;

namespace MfpClip.Kernels;

/// <summary>
/// A linear layer through oneDNN with the weight brought into its blocked layout once, not at every call.
/// </summary>
internal sealed class PackedLinear : IPackedLinearKernel
{
    public static PackedLinear Instance { get; } = new();

    public string Name => "oneDNN, packed weight";

    public bool IsPlainMemory => false;

    public bool Serves(Tensor input) =>
        input.device.type == DeviceType.CPU && OneDnnScript.IsAvailable
        && (input.dtype == ScalarType.Float32 || (input.dtype == ScalarType.BFloat16 && !OneDnnInstructions.ExcludesBFloat16));

    public Tensor Apply(Tensor input, LinearLayer layer)
    {
        using var scope = torch.NewDisposeScope();
        long rows = input.numel() / input.shape[^1];
        var packed = layer.Packed(this, l => Pack(l, rows));
        return OneDnnScript.Linear(input.contiguous(), packed, layer.Bias).MoveToOuterDisposeScope();
    }

    public Tensor Pack(LinearLayer layer, long rows) => OneDnnScript.Pack(layer.Weight, rows);

    public Tensor Unpack(Tensor packed, long outputs, long inputs, ScalarType precision) => packed.to_dense();
}
