using System.Diagnostics;

namespace MfpClip.Detection;

/// <summary>What one forward pass did: how long each stage took and, where asked for, its intermediate tensors under the names of the spec.</summary>
/// <remarks>For one forward pass of one caller. On CUDA the times are those of queueing the work, except where a stage waits for it.</remarks>
internal sealed class ForwardTrace(bool keepTensors = false) : IDisposable
{
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, TimeSpan>> _timings = [];
    private long _mark = Stopwatch.GetTimestamp();

    /// <summary>Whether intermediate tensors are kept.</summary>
    public bool KeepsTensors => keepTensors;

    /// <summary>Intermediate tensors by name; they live until this trace is disposed.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>Stages in order with their times.</summary>
    public IReadOnlyList<KeyValuePair<string, TimeSpan>> Timings => _timings;

    /// <summary>Starts the clock of the first stage.</summary>
    public void Start() => _mark = Stopwatch.GetTimestamp();

    /// <summary>Ends a stage; the next one starts now.</summary>
    public void Finish(string stage)
    {
        _timings.Add(new(stage, Stopwatch.GetElapsedTime(_mark)));
        _mark = Stopwatch.GetTimestamp();
    }

    /// <summary>Keeps another handle of the tensor where tensors are kept.</summary>
    public void Keep(string name, Tensor value)
    {
        if (keepTensors)
        {
            _tensors.Add(name, value.alias().DetachFromDisposeScope());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }

        _tensors.Clear();
    }
}
