namespace MfpClip.Kernels;

/// <summary>
/// Makes the calling thread run towers with libtorch's own operators only, like <c>no_grad</c> until the result of <see cref="Enter"/> is
/// disposed. Kernels chosen by measurement round differently, and another process may choose others: a training that is resumed must not notice.
/// </summary>
internal static class ReproducibleKernels
{
    [ThreadStatic]
    private static bool _active;

    /// <summary>Switches them on.</summary>
    public static Scope Enter()
    {
        bool before = _active;
        _active = true;
        return new(before);
    }

    /// <summary>The kernels to run with now: libtorch's where gradients are wanted or runs must repeat, else what was chosen.</summary>
    public static TransformerKernels Or(TransformerKernels chosen) => _active || torch.is_grad_enabled() ? TransformerKernels.Plain : chosen;

    /// <summary>Restores what was before.</summary>
    internal readonly struct Scope(bool before) : IDisposable
    {
        public void Dispose() => _active = before;
    }
}
