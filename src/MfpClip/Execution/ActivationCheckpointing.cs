using MfpClip.Kernels;

namespace MfpClip.Execution;

/// <summary>
/// Keeps only the input of every few transformer blocks on the forward pass and computes the rest once more on the backward pass
/// (Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174): a frozen tower that gradients run through costs the
/// memory of one segment instead of all.
/// </summary>
/// <remarks>Switched on for the calling thread, like <c>no_grad</c>. The towers ask <see cref="BlocksPerSegment"/>; nothing else changes.</remarks>
internal static class ActivationCheckpointing
{
    [ThreadStatic]
    private static int _blocks;

    /// <summary>Blocks of one segment; 0: everything is kept.</summary>
    public static int BlocksPerSegment => _blocks;

    /// <summary>Switches it on until the result is disposed.</summary>
    /// <param name="blocksPerSegment">1 needs the least memory; 0 switches it off.</param>
    public static Scope Enter(int blocksPerSegment)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocksPerSegment);
        int before = _blocks;
        _blocks = blocksPerSegment;
        return new(before);
    }

    /// <summary>Whether blocks that read this tensor should be recomputed rather than kept.</summary>
    public static bool AppliesTo(Tensor input) => _blocks > 0 && torch.is_grad_enabled() && input.requires_grad;

    /// <summary>
    /// Runs <paramref name="segment"/> so that its backward pass computes it again. It must be a pure function of its argument: gradients of
    /// tensors that it captures are not computed.
    /// </summary>
    /// <returns>A fresh tensor in the caller's dispose scope.</returns>
    public static Tensor Run(Tensor input, Func<Tensor, Tensor> segment) => RecomputedSegment.apply(input, segment);

    /// <summary>Restores what was before.</summary>
    internal readonly struct Scope(int before) : IDisposable
    {
        public void Dispose() => _blocks = before;
    }

    private sealed class RecomputedSegment : torch.autograd.SingleTensorFunction<RecomputedSegment>
    {
        private const string Segment = "segment";

        public override string Name => nameof(RecomputedSegment);

        public override Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
        {
            var (input, segment) = ((Tensor)vars[0], (Func<Tensor, Tensor>)vars[1]);
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            using var reproducible = ReproducibleKernels.Enter(); // the backward pass must meet the very same values
            ctx.save_for_backward([input]);
            ctx.save_data(Segment, segment);
            return segment(input).MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(torch.autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.enable_grad();
            using var plain = Enter(0); // the segment itself is kept: it is what one segment may cost
            var input = ctx.get_saved_variables()[0].detach().requires_grad_(true);
            var output = ((Func<Tensor, Tensor>)ctx.get_data(Segment))(input);
            var gradients = torch.autograd.grad([output], [input], [grad_output]);
            return [gradients[0].MoveToOuterDisposeScope(), null!];
        }
    }
}
