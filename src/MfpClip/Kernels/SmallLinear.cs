using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// A linear layer with a small weight on many float32 rows, in AVX-512. The weight is packed at every call, which takes less than libtorch needs to begin one,
/// so that training may change it in between.
/// </summary>
internal static unsafe class SmallLinear
{
    private const long LargestWeight = 1 << 16;
    private const int LeastRows = 64, RowsOfPiece = 192;

    /// <summary>A 1x1 convolution with its activation by packed weights on <c>[B, C, h, w]</c>, channels last; the result has that order, too.</summary>
    public static Tensor Convolve(Tensor x, RowProduct product)
    {
        using var scope = torch.NewDisposeScope();
        var rows = x.permute(0, 2, 3, 1).contiguous();
        var result = torch.empty([.. rows.shape[..^1], product.Outputs], dtype: ScalarType.Float32);
        fixed (byte* px = rows.bytes, pr = result.bytes)
        {
            var (from, to, count) = ((nint)px, (nint)pr, (int)(rows.numel() / product.Inputs));
            int pieces = (count + RowsOfPiece - 1) / RowsOfPiece;
            ParallelPieces.Run(pieces, 1, () => 0, (_, piece) =>
            {
                long first = (long)count * piece / pieces, end = (long)count * (piece + 1) / pieces;
                product.Apply((float*)from + (first * product.Inputs), (int)(end - first), (float*)to + (first * product.Outputs));
            }, _ => { });
        }

        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Whether it can run here, and is worth it.</summary>
    public static bool Serves(Tensor input, Tensor weight) => !torch.is_grad_enabled() && weight.dtype == ScalarType.Float32 && InvertedResidual.Serves(input)
        && weight.numel() <= LargestWeight && input.numel() >= LeastRows * input.shape[^1];

    /// <summary><c>x W^T + b</c> on the last axis of <c>[..., I]</c>.</summary>
    public static Tensor Apply(Tensor input, Tensor weight, Tensor bias)
    {
        using var scope = torch.NewDisposeScope();
        var (I, O) = ((int)input.shape[^1], (int)weight.shape[0]);
        int rows = (int)(input.numel() / I), pieces = (rows + RowsOfPiece - 1) / RowsOfPiece, padded = PanelProduct.Padded(O);
        Tensor x = input.contiguous(), matrix = weight.contiguous(), shift = bias.contiguous();
        var result = torch.empty([.. input.shape[..^1], O], dtype: ScalarType.Float32);
        var packed = ThreadScratch.Rent((long)padded * (I + 1));
        fixed (byte* px = x.bytes, pw = matrix.bytes, pb = shift.bytes, pr = result.bytes)
        {
            float* sums = packed.Floats + ((long)padded * I);
            PanelProduct.Pack((float*)pw, I, O, 1, I, packed.Floats);
            new Span<float>(sums, padded).Clear();
            new ReadOnlySpan<float>(pb, O).CopyTo(new Span<float>(sums, padded));
            var (from, to, w, b) = ((nint)px, (nint)pr, (nint)packed.Floats, (nint)sums);
            ParallelPieces.Run(pieces, 1, () => 0, (_, piece) =>
            {
                long first = (long)rows * piece / pieces, count = ((long)rows * (piece + 1) / pieces) - first;
                PanelProduct.Apply((float*)from + (first * I), I, (int)count, (float*)w, I, O, (float*)b, (float*)to + (first * O), O, null, limited: false);
            }, _ => { });
        }

        ThreadScratch.Return(packed);
        return result.MoveToOuterDisposeScope();
    }
}
