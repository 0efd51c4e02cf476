using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Objectives;

namespace MfpClip.Pipeline;

/// <summary>Passes everything on to another pass: a base for passes around one. Who owns the inner pass is for derived classes to say.</summary>
/// <param name="inner">The wrapped pass.</param>
public abstract class DelegatingDetectionPass(IDetectionPass inner) : IDetectionPass
{
    /// <summary>The wrapped pass.</summary>
    public IDetectionPass Inner { get; } = inner ?? throw new ArgumentNullException(nameof(inner));

    /// <inheritdoc/>
    public virtual string Method => Inner.Method;

    /// <inheritdoc/>
    public virtual IReadOnlyList<StageDescription> Stages => Inner.Stages;

    /// <inheritdoc/>
    public virtual Device Device => Inner.Device;

    /// <inheritdoc/>
    public virtual ScalarType Precision => Inner.Precision;

    /// <inheritdoc/>
    public virtual double MapMaximum => Inner.MapMaximum;

    /// <inheritdoc/>
    public virtual ITrainableMethod? Trainable => Inner.Trainable;

    /// <inheritdoc/>
    public virtual IReadOnlyList<KeyValuePair<string, Tensor>> TrainedWeights => Inner.TrainedWeights;

    /// <inheritdoc/>
    public virtual (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context) =>
        Inner.Run(images, className, region, context);

    /// <inheritdoc/>
    /// <remarks>This object where it is of that type, else what the wrapped pass offers.</remarks>
    public virtual object? GetService(Type serviceType)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceType.IsInstanceOfType(this) ? this : Inner.GetService(serviceType);
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}
