namespace MfpClip.Kernels;

/// <summary>
/// A linear layer on the last axis as one product with its bias inside. <c>torch::nn::functional::linear</c>, which TorchSharp calls, does that for
/// matrices only: for more axes it adds the bias in a second pass, which on a GPU costs as much as the product.
/// </summary>
internal static class FlatLinear
{
    /// <summary><c>x W^T + b</c>; differentiable.</summary>
    /// <param name="input"><c>[..., I]</c>.</param>
    /// <param name="weight"><c>[O, I]</c>.</param>
    /// <param name="bias"><c>[O]</c>.</param>
    /// <returns><c>[..., O]</c>, in the caller's scope.</returns>
    public static Tensor Apply(Tensor input, Tensor weight, Tensor bias)
    {
        if (input.dim() == 2)
        {
            return F.linear(input, weight, bias);
        }

        using var scope = torch.NewDisposeScope();
        return F.linear(input.reshape(-1, input.shape[^1]), weight, bias).view([.. input.shape[..^1], weight.shape[0]]).MoveToOuterDisposeScope();
    }
}
