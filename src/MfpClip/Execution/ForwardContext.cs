namespace MfpClip.Execution;

/// <summary>
/// What one forward pass runs under, handed down from the detector to every tower and module: which kernels, what is recomputed, where
/// features of frozen networks are kept, where intermediates go, when to stop. Immutable; safe to share between threads unless it carries a
/// <see cref="Trace"/>.
/// </summary>
public sealed record ForwardContext
{
    private readonly int _recomputedBlocks;

    /// <summary>Nothing asked for: the fastest kernels, no trace, never cancelled.</summary>
    public static ForwardContext Default { get; } = new();

    /// <summary>
    /// Whether towers run with libtorch's own operators only. Kernels chosen by measurement round differently, and another process may choose
    /// others: a training that is resumed must not notice. With gradients it is always so.
    /// </summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool Reproducible { get; init; }

    /// <summary>
    /// Blocks of a tower whose activations are computed once more on the backward pass instead of being kept, as one segment; 0: everything is
    /// kept. See <see cref="Recomputes"/>.
    /// </summary>
    /// <value>Default 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int RecomputedBlocks
    {
        get => _recomputedBlocks;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _recomputedBlocks = value;
        }
    }

    /// <summary>Takes times and intermediate tensors; <see langword="null"/>: nobody wants them.</summary>
    public ForwardTrace? Trace { get; init; }

    /// <summary>Keeps what frozen networks compute of images; <see langword="null"/>: all is computed each time.</summary>
    public IFeatureStore? Features { get; init; }

    /// <summary>To be checked between stages.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>
    /// Whether blocks that read this tensor should be recomputed rather than kept: where gradients run through it and <see cref="RecomputedBlocks"/> says so.
    /// </summary>
    public bool Recomputes(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return RecomputedBlocks > 0 && torch.is_grad_enabled() && input.requires_grad;
    }

    /// <summary>The same without a trace: for passes whose intermediates would be mistaken for others.</summary>
    internal ForwardContext Untraced => Trace is null ? this : this with { Trace = null };
}
