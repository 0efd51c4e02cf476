namespace MfpClip.Tensors;

/// <summary>The tensors of a backbone by name. Owns them. Safe for concurrent readers.</summary>
internal sealed class ParameterSet : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<Tensor>> _released = new(StringComparer.Ordinal); // how to get them back

    /// <summary>A tensor; one that was released is made again, and stays.</summary>
    public Tensor this[string name]
    {
        get
        {
            lock (_gate)
            {
                if (_released.Remove(name, out var restore))
                {
                    using var guard = torch.no_grad();
                    _tensors[name] = restore().DetachFromDisposeScope();
                }

                return _tensors[name];
            }
        }
    }

    /// <summary>Number of values.</summary>
    public long Count { get; private set; }

    /// <summary>All tensors in the order of their names.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Ordered
    {
        get
        {
            List<string> names;
            lock (_gate)
            {
                names = [.. _tensors.Keys.Concat(_released.Keys).Order(StringComparer.Ordinal)];
            }

            return [.. names.Select(name => KeyValuePair.Create(name, this[name]))];
        }
    }

    public void Add(string name, Tensor tensor)
    {
        _tensors.Add(name, tensor.DetachFromDisposeScope());
        Count += tensor.numel();
    }

    /// <summary>Gives a tensor's memory back. Only while nobody else reads it: before the detector is built.</summary>
    /// <param name="name">Of the tensor.</param>
    /// <param name="restore">Makes it again, bit for bit, when it is asked for.</param>
    public void Release(string name, Func<Tensor> restore)
    {
        lock (_gate)
        {
            if (_tensors.Remove(name, out var tensor))
            {
                tensor.Dispose();
                _released.Add(name, restore);
            }
        }
    }

    /// <summary>SHA-256 over names and values, for models that no file holds.</summary>
    public string Hash() => TensorHash.Of(Ordered);

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
    }
}
