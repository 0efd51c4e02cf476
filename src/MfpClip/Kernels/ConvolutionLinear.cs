namespace MfpClip.Kernels;

/// <summary>
/// A linear layer as a 1x1 convolution over tokens in channels-last order, where tokens and weights keep their memory. libtorch gives
/// convolutions to oneDNN, but float32 products to BLAS, which on processors it was not made for takes twice as long and more.
/// </summary>
internal sealed class ConvolutionLinear : ILinearKernel
{
    public static ConvolutionLinear Instance { get; } = new();

    private const long LeastValuesOfOneDnn = 20480; // use_mkldnn in ATen/native/Convolution.cpp

    public string Name => "1x1 convolution";

    /// <summary>
    /// Whether it is worth it without a measurement: many float32 rows on the CPU. With one thread libtorch does not ask oneDNN for 1x1 kernels.
    /// </summary>
    public static bool IsFaster(Tensor input) =>
        torch.get_num_threads() > 1 && input.device.type == DeviceType.CPU && input.dtype == ScalarType.Float32 && input.numel() / input.shape[^1] >= 64;

    /// <summary><c>x W^T + b</c> on the last axis of <c>[..., I]</c>.</summary>
    public static Tensor Apply(Tensor input, Tensor weight, Tensor bias)
    {
        using var scope = torch.NewDisposeScope();
        var (I, O) = (input.shape[^1], weight.shape[0]);
        long rows = input.numel() / I;
        var image = input.contiguous().view(1, rows, I).transpose(1, 2).unsqueeze(2); // [1, I, 1, rows], channels last
        var result = F.conv2d(image, weight.view(O, I, 1, 1), bias); // [1, O, 1, rows], channels last
        return result.squeeze(2).transpose(1, 2).contiguous().view([.. input.shape[..^1], O]).MoveToOuterDisposeScope();
    }

    // Below that libtorch does not ask oneDNN, and where NNPACK does not know the processor, each call writes a warning to the error stream.
    public bool Serves(Tensor input) =>
        input.device.type == DeviceType.CPU
        && (input.dtype != ScalarType.Float32 || (input.numel() > LeastValuesOfOneDnn && torch.get_num_threads() > 1));

    public Tensor Apply(Tensor input, LinearLayer layer) => Apply(input, layer.Weight, layer.Bias);
}
