using MfpClip.Execution;
using MfpClip.Kernels;

namespace MfpClip.Backbones.Transformers;

/// <summary>The blocks of one tower, run in pieces. Does not own their weights.</summary>
/// <param name="blocks">In order.</param>
/// <param name="eps">Epsilon of their layer norms.</param>
/// <param name="kernels">Kernels without gradients.</param>
internal sealed class TransformerStack(TransformerBlock[] blocks, double eps, TransformerKernels kernels) : IDisposable
{
    /// <inheritdoc cref="IVisionTower.RunBlocks"/>
    public Tensor Run(Tensor tokens, int first, int count, ForwardContext context) => context.Recomputes(tokens)
        ? Recomputed(tokens, first, count, context)
        : TransformerBlock.RunAll(blocks.AsSpan(first, count), tokens, eps, kernels.For(context.Reproducible));

    /// <summary>Keeps the weights of all blocks as the kernels for tokens like these have them. Before anybody else uses the tower.</summary>
    /// <param name="tokens"><c>[B, T, D]</c>; their values do not count.</param>
    public void KeepPacked(Tensor tokens)
    {
        using var guard = torch.no_grad();
        foreach (var block in blocks)
        {
            block.KeepPacked(tokens, kernels);
        }
    }

    public void Dispose()
    {
        foreach (var block in blocks)
        {
            block.Dispose();
        }
    }

    private Tensor Recomputed(Tensor tokens, int first, int count, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var inside = ActivationCheckpointing.Inside(context);
        var x = tokens.alias();
        for (int i = first; i < first + count; i += context.RecomputedBlocks)
        {
            int from = i, length = Math.Min(context.RecomputedBlocks, first + count - i);
            x = ActivationCheckpointing.Run(x, input => Run(input, from, length, inside));
        }

        return x.MoveToOuterDisposeScope();
    }
}
