using MfpClip.Execution;

namespace MfpClip.Backbones;

/// <summary>Passes everything on to another vision tower: a base for wrappers that change some of it. Owns nothing.</summary>
/// <param name="inner">The wrapped tower.</param>
public abstract class DelegatingVisionTower(IVisionTower inner) : IVisionTower
{
    /// <summary>The wrapped tower.</summary>
    protected IVisionTower Inner { get; } = inner ?? throw new ArgumentNullException(nameof(inner));

    /// <inheritdoc/>
    public virtual int Width => Inner.Width;

    /// <inheritdoc/>
    public virtual int Layers => Inner.Layers;

    /// <inheritdoc/>
    public virtual int EmbedDim => Inner.EmbedDim;

    /// <inheritdoc/>
    public virtual int PatchSize => Inner.PatchSize;

    /// <inheritdoc/>
    public virtual int PrefixTokens => Inner.PrefixTokens;

    /// <inheritdoc/>
    public virtual bool NeedsSquareImages => Inner.NeedsSquareImages;

    /// <inheritdoc/>
    public virtual Device Device => Inner.Device;

    /// <inheritdoc/>
    public virtual ScalarType Precision => Inner.Precision;

    /// <inheritdoc/>
    public virtual Tensor Embed(Tensor images) => Inner.Embed(images);

    /// <inheritdoc/>
    public virtual Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context) => Inner.RunBlocks(tokens, first, count, context);

    /// <inheritdoc/>
    public virtual Tensor NormalizeLast(Tensor tokens) => Inner.NormalizeLast(tokens);

    /// <inheritdoc/>
    public virtual Tensor Project(Tensor tokens) => Inner.Project(tokens);

    /// <inheritdoc/>
    /// <remarks>This object where it is of that type, else what the wrapped tower offers.</remarks>
    public virtual object? GetService(Type serviceType)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceType.IsInstanceOfType(this) ? this : Inner.GetService(serviceType);
    }
}
