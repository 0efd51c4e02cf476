using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MfpClip.Kernels;

/// <summary>
/// A frozen depthwise convolution with bias, and ReLU6 where requested, on rows of channels in AVX-512: sixteen channels of eight places at a time.
/// Channels are a multiple of sixteen. What lies outside the map counts as zero. Runs on the calling thread.
/// </summary>
internal sealed unsafe class DepthwiseRows : IDisposable
{
    private const int Lanes = 16, Places = 8;

    private readonly float* _weight; // [channels / 16, k * k, 16]
    private readonly float* _bias;
    private readonly float _least;
    private readonly float _most;
    private bool _disposed;

    /// <param name="weight"><c>[C, 1, k, k]</c>; copied.</param>
    /// <param name="bias"><c>[C]</c>; copied.</param>
    /// <param name="stride">1 or 2.</param>
    /// <param name="limited">Whether ReLU6 follows.</param>
    public DepthwiseRows(Tensor weight, Tensor bias, int stride, bool limited)
    {
        (_least, _most) = limited ? (0, 6) : (float.NegativeInfinity, float.PositiveInfinity);
        (Channels, Kernel, Stride) = ((int)weight.shape[0], (int)weight.shape[2], stride);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        int taps = Kernel * Kernel;
        var values = weight.to_type(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        _weight = (float*)NativeMemory.AlignedAlloc((nuint)(Channels * taps) * sizeof(float), 64);
        _bias = (float*)NativeMemory.AlignedAlloc((nuint)Channels * sizeof(float), 64);
        bias.to_type(ScalarType.Float32).cpu().contiguous().data<float>().ToArray().CopyTo(new Span<float>(_bias, Channels));
        for (int c = 0; c < Channels; c++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                _weight[(((long)(c / Lanes) * taps) + tap) * Lanes + (c % Lanes)] = values[((long)c * taps) + tap];
            }
        }
    }

    ~DepthwiseRows() => Free();

    /// <summary>Number of channels.</summary>
    public int Channels { get; }

    /// <summary>Side of the kernel.</summary>
    public int Kernel { get; }

    /// <summary>Step.</summary>
    public int Stride { get; }

    /// <summary>One row of the result.</summary>
    /// <param name="rows">The kernel's rows of the map, <c>[width, C]</c> each; null: outside.</param>
    /// <param name="width">Places of such a row.</param>
    /// <param name="before">Places outside before the first.</param>
    /// <param name="result"><c>[places, C]</c>.</param>
    /// <param name="places">Places of the result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float** rows, int width, int before, float* result, int places)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // Places whose every column lies inside.
        int first = Math.Min(places, (before + Stride - 1) / Stride), end = width + before >= Kernel ? ((width + before - Kernel) / Stride) + 1 : 0;
        end = Math.Clamp(end, first, places);
        for (int channel = 0; channel < Channels; channel += Lanes)
        {
            float* w = _weight + ((long)channel * Kernel * Kernel);
            var bias = Vector512.Load(_bias + channel);
            for (int i = 0; i < places; i++)
            {
                if (i == first)
                {
                    for (; i + Places <= end; i += Places)
                    {
                        Inside(rows, ((i * Stride) - before) * Channels + channel, w, bias, result + ((long)i * Channels) + channel);
                    }

                    if (i >= places)
                    {
                        break;
                    }
                }

                Edge(rows, width, (i * Stride) - before, channel, w, bias, result + ((long)i * Channels) + channel);
            }
        }

        GC.KeepAlive(this);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (!_disposed)
        {
            _disposed = true;
            NativeMemory.AlignedFree(_weight);
            NativeMemory.AlignedFree(_bias);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Inside(float** rows, long at, float* w, Vector512<float> bias, float* to)
    {
        long channels = Channels, step = channels * Stride;
        Vector512<float> a, b, c, d, e, f, g, h;
        a = b = c = d = e = f = g = h = bias;
        for (int y = 0; y < Kernel; y++)
        {
            if (rows[y] is null)
            {
                w += Kernel * Lanes;
                continue;
            }

            float* from = rows[y] + at;
            for (int x = 0; x < Kernel; x++, w += Lanes, from += channels)
            {
                var v = Vector512.Load(w);
                float* second = from + (4 * step);
                a = Vector512.FusedMultiplyAdd(Vector512.Load(from), v, a);
                b = Vector512.FusedMultiplyAdd(Vector512.Load(from + step), v, b);
                c = Vector512.FusedMultiplyAdd(Vector512.Load(from + (2 * step)), v, c);
                d = Vector512.FusedMultiplyAdd(Vector512.Load(from + (3 * step)), v, d);
                e = Vector512.FusedMultiplyAdd(Vector512.Load(second), v, e);
                f = Vector512.FusedMultiplyAdd(Vector512.Load(second + step), v, f);
                g = Vector512.FusedMultiplyAdd(Vector512.Load(second + (2 * step)), v, g);
                h = Vector512.FusedMultiplyAdd(Vector512.Load(second + (3 * step)), v, h);
            }
        }

        Limit(a).Store(to);
        Limit(b).Store(to += channels);
        Limit(c).Store(to += channels);
        Limit(d).Store(to += channels);
        Limit(e).Store(to += channels);
        Limit(f).Store(to += channels);
        Limit(g).Store(to += channels);
        Limit(h).Store(to + channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Edge(float** rows, int width, int left, int channel, float* w, Vector512<float> bias, float* to)
    {
        var sum = bias;
        int from = Math.Max(0, -left), end = Math.Min(Kernel, width - left);
        for (int y = 0; y < Kernel; y++, w += Kernel * Lanes)
        {
            if (rows[y] is null)
            {
                continue;
            }

            for (int x = from; x < end; x++)
            {
                sum = Vector512.FusedMultiplyAdd(
                    Vector512.Load(rows[y] + ((long)(left + x) * Channels) + channel), Vector512.Load(w + (x * Lanes)), sum);
            }
        }

        Limit(sum).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Limit(Vector512<float> v) => Vector512.MinNative(Vector512.MaxNative(v, Vector512.Create(_least)), Vector512.Create(_most));
}
