namespace MfpClip.Kernels;

/// <summary>
/// A linear layer through oneDNN with the weight brought into its blocked layout once, not at every call. Costs a second copy of the weight.
/// </summary>
internal sealed class PackedLinear : ILinearKernel
{
    public static PackedLinear Instance { get; } = new();

    public string Name => "oneDNN, packed weight";

    public bool Serves(Tensor input) =>
        input.device.type == DeviceType.CPU && input.dtype is ScalarType.Float32 or ScalarType.BFloat16 && OneDnnScript.IsAvailable;

    public Tensor Apply(Tensor input, LinearLayer layer)
    {
        using var scope = torch.NewDisposeScope();
        long rows = input.numel() / input.shape[^1];
        var packed = layer.Packed(this, l => OneDnnScript.Pack(l.Weight, rows));
        return OneDnnScript.Linear(input.contiguous(), packed, layer.Bias).MoveToOuterDisposeScope();
    }
}
