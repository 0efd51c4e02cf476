using System.Runtime.CompilerServices;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// Attention on bfloat16 tokens whose two products are bfloat16 with float32 sums; scores and softmax are float32. As in
/// <see cref="BlockedAttention"/> a block of queries meets all keys of its head in the cache of the core.
/// </summary>
internal sealed unsafe class BFloat16Attention : IAttentionKernel
{
    public static BFloat16Attention Instance { get; } = new();

    public string Name => "blocked, bfloat16 products";

    public bool Serves(Tensor qkv, int heads) =>
        TileProducts.IsAvailable && qkv.device.type == DeviceType.CPU && qkv.dtype == ScalarType.BFloat16
        && qkv.shape[2] / 3 / heads % 32 == 0 && qkv.is_contiguous();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Tensor Attend(Tensor qkv, int heads, bool causal)
    {
        var (B, T, D) = ((int)qkv.shape[0], (int)qkv.shape[1], (int)qkv.shape[2] / 3);
        OpenMpSpinTime.Shorten();
        var result = torch.empty(B, T, D, dtype: ScalarType.BFloat16);
        fixed (byte* input = qkv.bytes)
        fixed (byte* output = result.bytes)
        {
            byte* from = input;
            byte* to = output;
            ParallelTail.Run(B * heads, () => BFloat16AttentionTile.Rent(T, D / heads), (tile, number, part, parts) =>
            {
                var head = new AttentionHead(from, to, T, D, D / heads, number / heads, number % heads, half: true, causal);
                tile.LoadHead(head, number);
                int rows = BFloat16AttentionTile.Rows, blocks = (T + rows - 1) / rows;
                for (int block = blocks * part / parts; block < blocks * (part + 1) / parts; block++)
                {
                    tile.Attend(head, block * rows, Math.Min(rows, T - (block * rows)));
                }
            }, BFloat16AttentionTile.Return);
        }

        return result;
    }
}
