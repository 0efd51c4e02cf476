using MfpClip.Execution;

namespace MfpClip.Modules;

/// <summary>
/// Passes everything on to another module, which it owns: a base for wrappers that change one thing. What the inner module offers (trained
/// weights under its prefix, multiplication in bfloat16) is offered by the wrapper.
/// </summary>
/// <typeparam name="TModule">The slot.</typeparam>
public abstract class DelegatingModule<TModule> : IDetectorModule
    where TModule : class, IDetectorModule
{
    /// <summary>Wraps a module.</summary>
    /// <param name="inner">Disposed with the wrapper.</param>
    protected DelegatingModule(TModule inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Inner = inner;
    }

    /// <inheritdoc/>
    public virtual IReadOnlyList<KeyValuePair<string, Tensor>> Weights => Inner.Weights;

    /// <summary>The wrapped module.</summary>
    protected TModule Inner { get; }

    /// <inheritdoc/>
    public virtual StageDescription Describe() => Inner.Describe();

    /// <inheritdoc/>
    public virtual void To(Device device) => Inner.To(device);

    /// <inheritdoc/>
    public virtual object? GetService(Type serviceType)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceType.IsInstanceOfType(this) ? this : Inner.GetService(serviceType);
    }

    /// <summary>Disposes the wrapped module.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Disposes the wrapped module.</summary>
    /// <param name="disposing">Whether it is called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
        }
    }
}
