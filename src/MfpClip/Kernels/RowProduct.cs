using System.Runtime.InteropServices;

namespace MfpClip.Kernels;

/// <summary>
/// Rows times a small frozen matrix, <c>x W^T + b</c>, then ReLU6 or the addition of a shortcut: a 1x1 convolution on rows of channels. The weight is
/// copied and packed once (<see cref="PanelProduct"/>).
/// </summary>
internal sealed unsafe class RowProduct : IDisposable
{
    private readonly bool _limited;
    private float* _weight;
    private float* _bias;

    /// <param name="weight"><c>[O, I]</c> or <c>[O, I, ...]</c> with more axes that count as inputs.</param>
    /// <param name="bias"><c>[O]</c>.</param>
    /// <param name="limited">Whether ReLU6 follows.</param>
    /// <param name="factor">What weight and bias are multiplied with.</param>
    public RowProduct(Tensor weight, Tensor bias, bool limited = false, float factor = 1)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        (Outputs, _limited) = ((int)weight.shape[0], limited);
        Inputs = (int)(weight.numel() / Outputs);
        int padded = PanelProduct.Padded(Outputs);
        _weight = (float*)NativeMemory.AlignedAlloc((nuint)padded * (nuint)Inputs * sizeof(float), 64);
        _bias = (float*)NativeMemory.AlignedAlloc((nuint)padded * sizeof(float), 64);
        var values = weight.to_type(ScalarType.Float32).cpu().contiguous();
        var added = (bias.to_type(ScalarType.Float32).cpu() * factor).contiguous();
        fixed (byte* w = values.bytes, b = added.bytes)
        {
            PanelProduct.Pack((float*)w, Inputs, Outputs, 1, Inputs, _weight, factor);
            new Span<float>(_bias, padded).Clear();
            new ReadOnlySpan<float>(b, Outputs).CopyTo(new Span<float>(_bias, padded));
        }
    }

    ~RowProduct() => Free();

    /// <summary>Width of a row.</summary>
    public int Inputs { get; }

    /// <summary>Width of a row of the result.</summary>
    public int Outputs { get; }

    /// <summary>Computes rows on the calling thread.</summary>
    /// <param name="x"><c>[rows, I]</c>.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="result"><c>[rows, O]</c>.</param>
    /// <param name="shortcut">What is added, <c>[rows, O]</c>, or null.</param>
    public void Apply(float* x, int rows, float* result, float* shortcut = null)
    {
        ObjectDisposedException.ThrowIf(_weight is null, this);
        PanelProduct.Apply(x, Inputs, rows, _weight, Inputs, Outputs, _bias, result, Outputs, shortcut, _limited);
        GC.KeepAlive(this);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_weight);
        NativeMemory.AlignedFree(_bias);
        _weight = _bias = null;
    }
}
