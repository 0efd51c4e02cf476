namespace MfpClip.Kernels;

/// <summary>
/// The MLP of a block on a GPU: QuickGELU is <c>silu(1.702 x) / 1.702</c>, and both factors go into the products beside it, where they cost
/// nothing and are applied before rounding. The activation is then one pass in place of three.
/// </summary>
internal static class CudaMlp
{
    private const float Factor = 1.702f;
    private static readonly object Kernel = new(); // whose scaled bias a layer keeps

    /// <summary>Whether it can compute this input.</summary>
    public static bool Serves(Tensor input, MlpActivation activation) => input.device.type == DeviceType.CUDA && activation == MlpActivation.QuickGelu;

    /// <summary><c>proj(quick_gelu(fc(x)))</c>.</summary>
    /// <param name="input"><c>[B, T, D]</c>.</param>
    /// <param name="fc">From D to 4 D.</param>
    /// <param name="proj">From 4 D to D.</param>
    /// <returns>Fresh <c>[B, T, D]</c> in the caller's scope.</returns>
    public static Tensor Apply(Tensor input, LinearLayer fc, LinearLayer proj)
    {
        using var scope = torch.NewDisposeScope();
        var bias = fc.Packed(Kernel, static layer => layer.Bias * Factor);
        var hidden = torch.addmm(bias, input.reshape(-1, input.shape[^1]), fc.Weight.t(), 1, Factor);
        return torch.addmm(proj.Bias, F.silu(hidden, inplace: true), proj.Weight.t(), 1, 1 / Factor).view(input.shape).MoveToOuterDisposeScope();
    }
}
