namespace MfpClip.Tensors;

/// <summary>
/// Initialization from a seed. Each tensor draws from its own stream, made from the seed and the tensor's name, so that a composition
/// with one module or stage more starts from the same values everywhere else.
/// </summary>
internal sealed class ParameterInitializer(long seed)
{
    /// <summary>Uniform in <c>±1/sqrt(fanIn)</c>: what PyTorch's linear and convolution layers start from.</summary>
    public Tensor Uniform(string name, long fanIn, params long[] shape)
    {
        var bound = 1.0 / Math.Sqrt(fanIn);
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(StreamOf(name), torch.CPU);
        using var guard = torch.no_grad();
        return torch.rand(shape, dtype: ScalarType.Float32, device: torch.CPU, generator: generator)
            .mul(2 * bound).sub(bound).MoveToOuterDisposeScope();
    }

    /// <summary>Normal with mean 0.</summary>
    public Tensor Normal(string name, double standardDeviation, params long[] shape)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(StreamOf(name), torch.CPU);
        using var guard = torch.no_grad();
        return torch.randn(shape, dtype: ScalarType.Float32, device: torch.CPU, generator: generator)
            .mul(standardDeviation).MoveToOuterDisposeScope();
    }

    // FNV-1a, because string.GetHashCode differs from process to process.
    private ulong StreamOf(string name)
    {
        var hash = 14695981039346656037UL ^ unchecked((ulong)seed * 0x9E3779B97F4A7C15UL);
        foreach (var c in name)
        {
            hash = unchecked((hash ^ c) * 1099511628211UL);
        }

        return hash;
    }
}
