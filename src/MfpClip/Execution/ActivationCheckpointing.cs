namespace MfpClip.Execution;

/// <summary>
/// Keeps only the input of every few transformer blocks on the forward pass and computes the rest once more on the backward pass
/// (Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174): a frozen tower that gradients run through costs the
/// memory of one segment instead of all.
/// </summary>
/// <remarks>The towers ask <see cref="ForwardContext.Recomputes"/> whether to.</remarks>
internal static class ActivationCheckpointing
{
    /// <summary>
    /// What a segment runs under: the backward pass must meet the very same values, and the segment itself is kept, for it is what one may cost.
    /// </summary>
    public static ForwardContext Inside(ForwardContext context) => context with { Reproducible = true, RecomputedBlocks = 0 };

    /// <summary>
    /// Runs <paramref name="segment"/> so that its backward pass computes it again. It must be a pure function of its argument: gradients of
    /// tensors that it captures are not computed. It must run under <see cref="Inside"/>.
    /// </summary>
    /// <returns>A fresh tensor in the caller's dispose scope.</returns>
    public static Tensor Run(Tensor input, Func<Tensor, Tensor> segment) => RecomputedSegment.apply(input, segment);

    private sealed class RecomputedSegment : torch.autograd.SingleTensorFunction<RecomputedSegment>
    {
        private const string Segment = "segment";

        public override string Name => nameof(RecomputedSegment);

        public override Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
        {
            var (input, segment) = ((Tensor)vars[0], (Func<Tensor, Tensor>)vars[1]);
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            ctx.save_for_backward([input]);
            ctx.save_data(Segment, segment);
            return segment(input).MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(torch.autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.enable_grad();
            var input = ctx.get_saved_variables()[0].detach().requires_grad_(true);
            var output = ((Func<Tensor, Tensor>)ctx.get_data(Segment))(input);
            var gradients = torch.autograd.grad([output], [input], [grad_output]);
            return [gradients[0].MoveToOuterDisposeScope(), null!];
        }
    }
}
