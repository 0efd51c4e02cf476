using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MfpClip.Kernels;

/// <summary>
/// A frozen layer norm of rows in AVX-512, and the other passes over a row that kernels of small blocks need. Widths are multiples of sixteen.
/// </summary>
internal sealed unsafe class RowNorm : IDisposable
{
    private const int Lanes = PanelProduct.Lanes;
    private readonly float _eps;
    private float* _weight; // the bias behind it

    public RowNorm(Tensor weight, Tensor bias, double eps)
    {
        using var scope = torch.NewDisposeScope();
        (Width, _eps) = ((int)weight.numel(), (float)eps);
        _weight = (float*)NativeMemory.AlignedAlloc((nuint)(2 * Width) * sizeof(float), 64);
        weight.detach().to_type(ScalarType.Float32).cpu().contiguous().data<float>().ToArray().CopyTo(new Span<float>(_weight, Width));
        bias.detach().to_type(ScalarType.Float32).cpu().contiguous().data<float>().ToArray().CopyTo(new Span<float>(_weight + Width, Width));
    }

    ~RowNorm() => Free();

    public int Width { get; }

    /// <summary>Normalises rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* x, int rows, float* result)
    {
        ObjectDisposedException.ThrowIf(_weight is null, this);
        for (int row = 0; row < rows; row++, x += Width, result += Width)
        {
            var sum = Vector512<float>.Zero;
            for (int i = 0; i < Width; i += Lanes)
            {
                sum += Vector512.Load(x + i);
            }

            var mean = Vector512.Create(Vector512.Sum(sum) / Width);
            var squares = Vector512<float>.Zero;
            for (int i = 0; i < Width; i += Lanes)
            {
                var centred = Vector512.Load(x + i) - mean;
                squares = Vector512.FusedMultiplyAdd(centred, centred, squares);
            }

            var scale = Vector512.Create(1 / MathF.Sqrt((Vector512.Sum(squares) / Width) + _eps));
            for (int i = 0; i < Width; i += Lanes)
            {
                var centred = (Vector512.Load(x + i) - mean) * scale;
                Vector512.FusedMultiplyAdd(centred, Vector512.Load(_weight + i), Vector512.Load(_weight + Width + i)).Store(result + i);
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>GELU of values, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gelu(float* x, long count)
    {
        for (long i = 0; i < count; i += Lanes)
        {
            VectorMath.Gelu(Vector512.Load(x + i)).Store(x + i);
        }
    }

    /// <summary>Adds values to others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* x, float* to, long count)
    {
        for (long i = 0; i < count; i += Lanes)
        {
            (Vector512.Load(to + i) + Vector512.Load(x + i)).Store(to + i);
        }
    }

    /// <summary>Powers of two of scores less their maximum, in place; those behind the last become 0.</summary>
    /// <param name="scores">The first <paramref name="count"/> are scores, up to a whole vector anything.</param>
    /// <param name="count">Number of scores.</param>
    /// <returns>The sum.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SoftmaxTerms(float* scores, int count)
    {
        int padded = PanelProduct.Padded(count);
        new Span<float>(scores + count, padded - count).Fill(-1e30f); // its power is 0
        var most = Vector512.Load(scores);
        for (int i = Lanes; i < padded; i += Lanes)
        {
            most = Vector512.MaxNative(most, Vector512.Load(scores + i));
        }

        float largest = most[0];
        for (int i = 1; i < Lanes; i++)
        {
            largest = Math.Max(largest, most[i]);
        }

        var (shift, sum) = (Vector512.Create(largest), Vector512<float>.Zero);
        for (int i = 0; i < padded; i += Lanes)
        {
            var term = VectorMath.Exp2(Vector512.Load(scores + i) - shift);
            sum += term;
            term.Store(scores + i);
        }

        return Vector512.Sum(sum);
    }

    /// <summary>Multiplies values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* x, int count, float factor)
    {
        for (int i = 0; i < count; i += Lanes)
        {
            (Vector512.Load(x + i) * Vector512.Create(factor)).Store(x + i);
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_weight);
        _weight = null;
    }
}
