namespace MfpClip.Backbone.Kernels;

/// <summary>
/// A linear layer as a 1x1 convolution over tokens in channels-last order, where tokens and weights keep their memory. libtorch gives
/// convolutions to oneDNN, but float32 products to BLAS, which on processors it was not made for takes twice as long and more.
/// </summary>
internal sealed class ConvolutionLinear : ILinearKernel
{
    public static ConvolutionLinear Instance { get; } = new();

    public string Name => "1x1 convolution";

    public bool Serves(Tensor input) => input.device.type == DeviceType.CPU && input.dim() == 3;

    public Tensor Apply(Tensor input, LinearLayer layer)
    {
        using var scope = torch.NewDisposeScope();
        var (B, T, I) = (input.shape[0], input.shape[1], input.shape[2]);
        var O = layer.Weight.shape[0];
        var image = input.contiguous().view(1, B * T, I).transpose(1, 2).unsqueeze(2); // [1, I, 1, B T], channels last
        var result = F.conv2d(image, layer.Weight.view(O, I, 1, 1), layer.Bias); // [1, O, 1, B T], channels last
        return result.squeeze(2).transpose(1, 2).contiguous().view(B, T, O).MoveToOuterDisposeScope();
    }
}
