using MfpClip.Execution;

namespace MfpClip.Backbones;

/// <summary>Passes everything on to another backbone, which it owns: a base for wrappers that change some of it.</summary>
/// <param name="inner">Becomes this object's own.</param>
public abstract class DelegatingClipBackbone(IClipBackbone inner) : IClipBackbone
{
    /// <summary>The wrapped backbone.</summary>
    protected IClipBackbone Inner { get; } = inner ?? throw new ArgumentNullException(nameof(inner));

    /// <inheritdoc/>
    public virtual IVisionTower Vision => Inner.Vision;

    /// <inheritdoc/>
    public virtual ITextTower Text => Inner.Text;

    /// <inheritdoc/>
    public virtual double LogitScale => Inner.LogitScale;

    /// <inheritdoc/>
    public virtual (float[] Mean, float[] Std) Normalization => Inner.Normalization;

    /// <inheritdoc/>
    public virtual StageDescription Describe() => Inner.Describe();

    /// <inheritdoc/>
    /// <remarks>This object where it is of that type, else what the wrapped backbone offers.</remarks>
    public virtual object? GetService(Type serviceType)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceType.IsInstanceOfType(this) ? this : Inner.GetService(serviceType);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Disposes the wrapped backbone.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
        }
    }
}
