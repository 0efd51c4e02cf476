using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// The residual stream of a tower without gradients, kept in float32 whatever the dtype of the layers: what a block adds is summed
/// and the next layer norm is taken in one pass over the tokens. Saves passes, and in bfloat16 the rounding of every sum.
/// </summary>
internal sealed unsafe class ResidualStream : IDisposable
{
    private const int RowsOfPiece = 32;
    private readonly Tensor _stream; // [B, T, D] float32
    private readonly ScalarType _precision;
    private readonly double _eps;

    /// <summary>Starts from tokens <c>[B, T, D]</c>, which stay as they are.</summary>
    public ResidualStream(Tensor tokens, double eps)
    {
        (_precision, _eps) = (tokens.dtype, eps);
        using var scope = torch.NewDisposeScope();
        _stream = tokens.to(ScalarType.Float32, copy: true).contiguous().DetachFromDisposeScope();
    }

    /// <summary>Whether tokens can be streamed here.</summary>
    public static bool Serves(Tensor tokens) =>
        VectorMath.IsSupported && tokens.device.type == DeviceType.CPU && tokens.dtype is ScalarType.Float32 or ScalarType.BFloat16
            && tokens.shape[^1] % 16 == 0;

    /// <summary>Adds a change, which is given back, and takes the layer norm of the sum.</summary>
    /// <returns>Fresh <c>[B, T, D]</c> in the dtype of the tokens.</returns>
    public Tensor AddNormalize(Tensor? change, Tensor weight, Tensor bias)
    {
        var result = torch.empty(_stream.shape, dtype: _precision);
        int width = (int)_stream.shape[^1];
        int rows = (int)(_stream.numel() / width);
        bool half = _precision == ScalarType.BFloat16;
        fixed (byte* stream = _stream.bytes)
        fixed (byte* added = change is null ? default : change.bytes)
        fixed (byte* w = weight.bytes)
        fixed (byte* b = bias.bytes)
        fixed (byte* output = result.bytes)
        {
            var (s, a, v, c, o) = ((nint)stream, (nint)added, (nint)w, (nint)b, (nint)output);
            ParallelPieces.Run((rows + RowsOfPiece - 1) / RowsOfPiece, 1, () => 0, (_, i) =>
            {
                for (int row = i * RowsOfPiece; row < Math.Min(rows, (i + 1) * RowsOfPiece); row++)
                {
                    Row((float*)s + ((long)row * width), (byte*)a, (byte*)v, (byte*)c, (byte*)o, (long)row * width, width, half, (float)_eps);
                }
            }, _ => { });
        }

        change?.Dispose();
        return result;
    }

    /// <summary>Adds the last change, which is given back.</summary>
    /// <returns>The tokens, fresh <c>[B, T, D]</c> in their precision.</returns>
    public Tensor Finish(Tensor change)
    {
        using var scope = torch.NewDisposeScope();
        var sum = _stream.add_(change).to(_precision, copy: true).MoveToOuterDisposeScope();
        change.Dispose();
        return sum;
    }

    public void Dispose() => _stream.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(float* stream, byte* added, byte* weight, byte* bias, byte* output, long at, int width, bool half, float eps)
    {
        var sum = Vector512<float>.Zero;
        for (int i = 0; i < width; i += 16)
        {
            var x = Vector512.Load(stream + i);
            if (added is not null)
            {
                x += VectorMath.Load(added, at + i, half);
                x.Store(stream + i);
            }

            sum += x;
        }

        var mean = Vector512.Create(Vector512.Sum(sum) / width);
        var squares = Vector512<float>.Zero;
        for (int i = 0; i < width; i += 16)
        {
            var d = Vector512.Load(stream + i) - mean;
            squares = Vector512.FusedMultiplyAdd(d, d, squares);
        }

        var scale = Vector512.Create(1 / MathF.Sqrt((Vector512.Sum(squares) / width) + eps));
        for (int i = 0; i < width; i += 16)
        {
            var normed = (Vector512.Load(stream + i) - mean) * scale;
            VectorMath.Store(Vector512.FusedMultiplyAdd(normed, VectorMath.Load(weight, i, half), VectorMath.Load(bias, i, half)), output, at + i, half);
        }
    }
}
