using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MfpClip.Native;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// A float32 linear layer in AVX-512. The weight is packed once into panels of 64 outputs and 512 inputs,
/// <c>[I / 512, O / 64, 512, 64]</c>; six tokens at a time meet a panel that lies in the second-level cache of the core, and 24 of the 32 registers sum.
/// </summary>
internal sealed unsafe class PanelLinear : IPackedLinearKernel
{
    private const int Panel = 64; // outputs: four vectors
    private const int Rows = 6;
    private const int Depth = 512; // inputs that are summed before sums go to memory: six rows of them stay in the first-level cache
    private const int Group = 4; // panels that stay in the second-level cache while tokens pass
    private const int PiecesPerThread = 3;

    public static PanelLinear Instance { get; } = new();

    public string Name => "panels, AVX-512";

    public bool IsPlainMemory => true;

    // In bfloat16 only where oneDNN is kept from its instructions and would take many times as long: the packed weight is float32 then.
    public bool Serves(Tensor input) => VectorMath.IsSupported && input.device.type == DeviceType.CPU
        && (input.dtype == ScalarType.Float32 || (input.dtype == ScalarType.BFloat16 && OneDnnInstructions.ExcludesBFloat16));

    public Tensor Apply(Tensor input, LinearLayer layer)
    {
        using var scope = torch.NewDisposeScope();
        int I = (int)input.shape[^1], O = (int)layer.Outputs;
        int rows = (int)(input.numel() / I);
        var x = input.to_type(ScalarType.Float32).contiguous();
        var packed = layer.Packed(this, l => Pack(l, rows)); // the last outputs filled up with zeros
        var added = layer.Bias.to_type(ScalarType.Float32);
        var bias = O % Panel == 0 ? added.contiguous() : F.pad(added, [0, Panel - (O % Panel)]);
        var result = torch.empty([.. input.shape[..^1], O], dtype: ScalarType.Float32);
        OpenMpSpinTime.Shorten();
        fixed (byte* a = x.bytes, w = packed.bytes, b = bias.bytes, c = result.bytes)
        {
            var (from, panels, shift, to) = ((nint)a, (nint)w, (nint)b, (nint)c);
            int blocks = (rows + Rows - 1) / Rows, pieces = Math.Min(blocks, PiecesPerThread * torch.get_num_threads());
            ParallelTail.Run(pieces, () => 0, (_, piece, part, parts) =>
            {
                int first = blocks * piece / pieces, count = (blocks * (piece + 1) / pieces) - first;
                Piece((float*)from, (float*)panels, (float*)shift, (float*)to, I, O, rows, first + (count * part / parts), first + (
                    count * (part + 1) / parts));
            }, _ => { });
        }

        return result.to_type(input.dtype).MoveToOuterDisposeScope();
    }

    public Tensor Pack(LinearLayer layer, long rows)
    {
        using var scope = torch.NewDisposeScope();
        var (weight, O, I) = (layer.Weight.to_type(ScalarType.Float32), layer.Outputs, layer.Inputs);
        var filled = O % Panel == 0 ? weight : F.pad(weight, [0, 0, 0, Panel - (O % Panel)]);
        var panels = filled.reshape(-1, Panel, I).transpose(1, 2); // [O / 64, I, 64]
        return torch.cat([.. Enumerable.Range(0, (int)((I + Depth - 1) / Depth)).Select(
            i => panels.narrow(1, i * Depth, Math.Min(Depth, I - (i * Depth))).reshape(-1))]).MoveToOuterDisposeScope();
    }

    public Tensor Unpack(Tensor packed, long outputs, long inputs, ScalarType precision)
    {
        using var scope = torch.NewDisposeScope();
        long panels = (outputs + Panel - 1) / Panel;
        var slices = new List<Tensor>();
        for (long k = 0; k < inputs; k += Depth)
        {
            long depth = Math.Min(Depth, inputs - k);
            slices.Add(packed.narrow(0, k * panels * Panel, depth * panels * Panel).view(panels, depth, Panel).transpose(1, 2).reshape(-1, depth));
        }

        return torch.cat([.. slices], 1).narrow(0, 0, outputs).to_type(precision).clone().MoveToOuterDisposeScope();
    }

    /// <summary>Blocks of six tokens from one on to before another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Piece(float* x, float* packed, float* bias, float* result, int I, int O, int rows, int firstBlock, int endBlock)
    {
        int panels = (O + Panel - 1) / Panel;
        for (int k = 0; k < I; k += Depth)
        {
            int depth = Math.Min(Depth, I - k);
            float* slice = packed + ((long)k * panels * Panel), shift = k == 0 ? bias : null;
            for (int group = 0; group < panels; group += Group)
            {
                var ahead = (byte*)(slice + ((long)(group + Group) * depth * Panel)); // the next group: fetched meanwhile
                for (int at = firstBlock; at < endBlock; at++)
                {
                    int row = at * Rows, count = Math.Min(Rows, rows - row);
                    float* tokens = x + ((long)row * I) + k;
                    for (int panel = group; panel < Math.Min(group + Group, panels); panel++, ahead += 8 * Depth)
                    {
                        float* weights = slice + ((long)panel * depth * Panel), first = shift is null ? null : shift + (panel * Panel);
                        float* to = result + ((long)row * O) + (panel * Panel);
                        int columns = Math.Min(Panel, O - (panel * Panel));
                        if (count == Rows && columns == Panel)
                        {
                            Multiply(tokens, I, weights, depth, first, to, O, ahead);
                        }
                        else
                        {
                            Edge(tokens, I, weights, depth, first, to, O, count, columns);
                        }
                    }
                }
            }
        }
    }

    // Fewer than six tokens or 64 outputs: computed beside the result. Tokens that are missing are the first one again, and are dropped.
    private static void Edge(float* x, int stride, float* panel, int depth, float* bias, float* result, int resultStride, int count, int columns)
    {
        float* tokens = stackalloc float[Rows * Depth];
        float* block = stackalloc float[Rows * Panel];
        for (int i = 0; i < Rows; i++)
        {
            new ReadOnlySpan<float>(x + ((long)(i < count ? i : 0) * stride), depth).CopyTo(new Span<float>(tokens + (i * Depth), depth));
            if (bias is null && i < count)
            {
                new ReadOnlySpan<float>(result + ((long)i * resultStride), columns).CopyTo(new Span<float>(block + (i * Panel), columns));
            }
        }

        Multiply(tokens, Depth, panel, depth, bias, block, Panel, (byte*)panel);
        for (int i = 0; i < count; i++)
        {
            new ReadOnlySpan<float>(block + (i * Panel), columns).CopyTo(new Span<float>(result + ((long)i * resultStride), columns));
        }
    }

    /// <summary>
    /// Six tokens times a panel: the sum over <paramref name="depth"/> inputs plus the bias, or plus what is in the result where there is none.
    /// Fetches the result before it is needed, and 8 bytes of what lies ahead for each input.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* x, long stride, float* panel, int depth, float* bias, float* result, int resultStride, byte* ahead)
    {
        float* second = x + stride, third = second + stride, fourth = third + stride, fifth = fourth + stride, sixth = fifth + stride;
        Vector512<float> a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3;
        Vector512<float> d0, d1, d2, d3, e0, e1, e2, e3, f0, f1, f2, f3;
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = e0 = e1 = e2 = e3 = f0 = f1 = f2 = f3 = default;
        for (long i = 0; i < (long)Rows * resultStride; i += resultStride)
        {
            Sse.Prefetch0(result + i);
            Sse.Prefetch0(result + i + 16);
            Sse.Prefetch0(result + i + 32);
            Sse.Prefetch0(result + i + 48);
        }

        for (int k = 0; k < depth; k++)
        {
            var w0 = Vector512.Load(panel);
            var w1 = Vector512.Load(panel + 16);
            var w2 = Vector512.Load(panel + 32);
            var w3 = Vector512.Load(panel + 48);
            var t = Vector512.Create(x[k]);
            (a0, a1) = (Vector512.FusedMultiplyAdd(t, w0, a0), Vector512.FusedMultiplyAdd(t, w1, a1));
            (a2, a3) = (Vector512.FusedMultiplyAdd(t, w2, a2), Vector512.FusedMultiplyAdd(t, w3, a3));
            t = Vector512.Create(second[k]);
            (b0, b1) = (Vector512.FusedMultiplyAdd(t, w0, b0), Vector512.FusedMultiplyAdd(t, w1, b1));
            (b2, b3) = (Vector512.FusedMultiplyAdd(t, w2, b2), Vector512.FusedMultiplyAdd(t, w3, b3));
            t = Vector512.Create(third[k]);
            (c0, c1) = (Vector512.FusedMultiplyAdd(t, w0, c0), Vector512.FusedMultiplyAdd(t, w1, c1));
            (c2, c3) = (Vector512.FusedMultiplyAdd(t, w2, c2), Vector512.FusedMultiplyAdd(t, w3, c3));
            t = Vector512.Create(fourth[k]);
            (d0, d1) = (Vector512.FusedMultiplyAdd(t, w0, d0), Vector512.FusedMultiplyAdd(t, w1, d1));
            (d2, d3) = (Vector512.FusedMultiplyAdd(t, w2, d2), Vector512.FusedMultiplyAdd(t, w3, d3));
            t = Vector512.Create(fifth[k]);
            (e0, e1) = (Vector512.FusedMultiplyAdd(t, w0, e0), Vector512.FusedMultiplyAdd(t, w1, e1));
            (e2, e3) = (Vector512.FusedMultiplyAdd(t, w2, e2), Vector512.FusedMultiplyAdd(t, w3, e3));
            t = Vector512.Create(sixth[k]);
            (f0, f1) = (Vector512.FusedMultiplyAdd(t, w0, f0), Vector512.FusedMultiplyAdd(t, w1, f1));
            (f2, f3) = (Vector512.FusedMultiplyAdd(t, w2, f2), Vector512.FusedMultiplyAdd(t, w3, f3));
            Sse.Prefetch1(ahead);
            ahead += 8;
            panel += Panel;
        }

        var (old, step) = bias is null ? ((nint)result, resultStride) : ((nint)bias, 0);
        float* added = (float*)old;
        Put(result, added, a0, a1, a2, a3);
        Put(result += resultStride, added += step, b0, b1, b2, b3);
        Put(result += resultStride, added += step, c0, c1, c2, c3);
        Put(result += resultStride, added += step, d0, d1, d2, d3);
        Put(result += resultStride, added += step, e0, e1, e2, e3);
        Put(result += resultStride, added += step, f0, f1, f2, f3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* to, float* added, Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3)
    {
        (v0 + Vector512.Load(added)).Store(to);
        (v1 + Vector512.Load(added + 16)).Store(to + 16);
        (v2 + Vector512.Load(added + 32)).Store(to + 32);
        (v3 + Vector512.Load(added + 48)).Store(to + 48);
    }
}
