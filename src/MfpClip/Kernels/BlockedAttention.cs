using System.Runtime.CompilerServices;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// Attention that never writes the T x T scores to memory: blocks of <see cref="AttentionTile.Rows"/> queries meet all keys of their head,
/// which lie transposed in the cache of the core, become weights there, and meet the values. Products and softmax are float32 also where
/// the tokens are bfloat16, as in libtorch's fused kernel.
/// </summary>
internal sealed unsafe class BlockedAttention : IAttentionKernel
{
    public static BlockedAttention Instance { get; } = new();

    public string Name => "blocked, AVX-512";

    public bool Serves(Tensor qkv, int heads) =>
        VectorMath.IsSupported && qkv.device.type == DeviceType.CPU && qkv.dtype is ScalarType.Float32 or ScalarType.BFloat16
        && qkv.shape[2] / 3 / heads % 16 == 0 && qkv.is_contiguous();

    public Tensor Attend(Tensor qkv, int heads, bool causal)
    {
        var (B, T, D) = ((int)qkv.shape[0], (int)qkv.shape[1], (int)qkv.shape[2] / 3);
        OpenMpSpinTime.Shorten();
        var result = torch.empty(B, T, D, dtype: qkv.dtype);
        bool half = qkv.dtype == ScalarType.BFloat16;
        fixed (byte* input = qkv.bytes)
        fixed (byte* output = result.bytes)
        {
            byte* from = input;
            byte* to = output;
            ParallelTail.Run(B * heads, () => AttentionTile.Rent(T, D / heads), (tile, head, part, parts) =>
                Head(tile, new(from, to, T, D, D / heads, head / heads, head % heads, half, causal), head, part, parts), AttentionTile.Return);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Head(AttentionTile tile, AttentionHead head, int number, int part, int parts)
    {
        tile.LoadHead(head, number);
        int blocks = (head.T + AttentionTile.Rows - 1) / AttentionTile.Rows;
        for (int block = blocks * part / parts; block < blocks * (part + 1) / parts; block++)
        {
            int row = block * AttentionTile.Rows;
            tile.Attend(head, row, Math.Min(AttentionTile.Rows, head.T - row));
        }
    }
}

/// <summary>Where one head of one image lies in memory.</summary>
internal readonly unsafe struct AttentionHead(byte* qkv, byte* output, int tokens, int width, int d, int image, int head, bool half, bool causal)
{
    public readonly byte* Qkv = qkv;
    public readonly byte* Output = output;

    public int T => tokens;

    public int Depth => d;

    public bool Half => half;

    public bool Causal => causal;

    /// <summary>First value of a token's query (0), key (1) or value (2).</summary>
    public long Input(int token, int which) => ((((long)image * tokens) + token) * 3 * width) + ((long)which * width) + ((long)head * d);

    /// <summary>First value of a token's result.</summary>
    public long Result(int token) => ((((long)image * tokens) + token) * width) + ((long)head * d);
}
