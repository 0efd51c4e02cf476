using System.Diagnostics;

namespace MfpClip.Execution;

/// <summary>What one forward pass did: how long each stage took and, where requested, its intermediate tensors under the symbols of docs/method.md.</summary>
/// <remarks>
/// For one forward pass of one caller at a time. On CUDA the times are those of queueing the work, except where a stage waits for it.
/// </remarks>
/// <param name="keepTensors">Whether intermediate tensors are kept.</param>
public sealed class ForwardTrace(bool keepTensors = false) : IDisposable
{
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, TimeSpan>> _timings = [];
    private readonly List<Tensor> _grids = [];
    private long _mark = Stopwatch.GetTimestamp();

    /// <summary>Whether every stage waits for a CUDA device, so that its time is its own: for benchmarks, it makes calls slower.</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool WaitsForDevice { get; init; }

    /// <summary>Whether intermediate tensors are kept.</summary>
    public bool KeepsTensors => keepTensors;

    /// <summary>Whether patch tokens of the stages are kept as grids, for references.</summary>
    public bool WantsGrids { get; set; }

    /// <summary>Patch tokens of each stage, <c>[B, D, rows, columns]</c>; they live until this trace is disposed.</summary>
    public IReadOnlyList<Tensor> Grids => _grids;

    /// <summary>Intermediate tensors by name; they live until this trace is disposed.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>Stages in order with their times.</summary>
    public IReadOnlyList<KeyValuePair<string, TimeSpan>> Timings => _timings;

    /// <summary>Starts the clock of the first stage.</summary>
    public void Start() => _mark = Stopwatch.GetTimestamp();

    /// <summary>Ends a stage; the next one starts now.</summary>
    /// <param name="stage">Its name.</param>
    public void Finish(string stage)
    {
        ArgumentException.ThrowIfNullOrEmpty(stage);
        if (WaitsForDevice)
        {
            torch.cuda.synchronize();
        }

        _timings.Add(new(stage, Stopwatch.GetElapsedTime(_mark)));
        _mark = Stopwatch.GetTimestamp();
    }

    /// <summary>Keeps the patch tokens of a stage where grids are wanted.</summary>
    /// <param name="tokens"><c>[B, rows * columns, D]</c>.</param>
    /// <param name="rows">Rows of the grid.</param>
    /// <param name="columns">Columns of the grid.</param>
    public void KeepGrid(Tensor tokens, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (WantsGrids)
        {
            using var scope = torch.NewDisposeScope();
            _grids.Add(tokens.transpose(1, 2).reshape(tokens.shape[0], tokens.shape[2], rows, columns).DetachFromDisposeScope());
        }
    }

    /// <summary>Keeps another handle of the tensor where tensors are kept; one kept under that name before gives way.</summary>
    /// <param name="name">The symbol of docs/method.md, or a name of the module.</param>
    /// <param name="value">Stays the caller's.</param>
    public void Keep(string name, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!keepTensors)
        {
            return;
        }

        if (_tensors.Remove(name, out var before))
        {
            before.Dispose();
        }

        _tensors.Add(name, value.alias().DetachFromDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values.Concat(_grids))
        {
            tensor.Dispose();
        }

        _tensors.Clear();
        _grids.Clear();
    }
}
