using MfpClip.Execution;

namespace MfpClip.Modules;

/// <summary>What every built-in module shares: its tensors, where they are, and letting go of them.</summary>
internal abstract class WeightedModule : IDetectorModule, ICheckpointedModule, IBFloat16Compute
{
    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Weights => Parameters.Ordered;

    /// <inheritdoc/>
    public abstract string CheckpointPrefix { get; }

    /// <summary>The tensors.</summary>
    protected ModuleWeights Parameters { get; } = new();

    /// <inheritdoc/>
    public abstract StageDescription Describe();

    /// <inheritdoc/>
    public void To(Device device) => Parameters.To(device);

    /// <summary>Moves the weights and changes the dtype the module computes in.</summary>
    internal void To(Device device, ScalarType precision) => Parameters.To(device, precision);

    /// <inheritdoc/>
    public void UseBFloat16(bool half) => Parameters.BFloat16Compute = half;

    /// <inheritdoc/>
    public virtual void Dispose() => Parameters.Dispose();

    /// <summary>The tensor in the module's precision and on its device; the same tensor where it already is.</summary>
    protected Tensor Enter(Tensor input) =>
        input.dtype == Parameters.Precision ? input : input.to_type(Parameters.Precision);

    /// <summary>Text for <see cref="StageDescription.Options"/>, the same in every culture.</summary>
    protected static string Text(FormattableString value) => FormattableString.Invariant(value);
}
