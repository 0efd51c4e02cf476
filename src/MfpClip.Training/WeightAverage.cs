namespace MfpClip.Training;

/// <summary>Exponential moving average of weights: <c>a = decay a + (1 - decay) w</c> after every step. Owns the average; empty where none is wanted.</summary>
internal sealed class WeightAverage : IDisposable
{
    private readonly double _decay;
    private readonly IReadOnlyList<KeyValuePair<string, Tensor>> _weights;

    public WeightAverage(IReadOnlyList<KeyValuePair<string, Tensor>> weights, double? decay)
    {
        using var guard = torch.no_grad();
        (_weights, _decay) = (weights, decay ?? 0);
        Tensors = decay is null ? [] : [.. weights.Select(w => new KeyValuePair<string, Tensor>(w.Key, w.Value.detach().clone().DetachFromDisposeScope()))];
    }

    /// <summary>The average by name.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Tensors { get; }

    /// <summary>Takes a step into account.</summary>
    public void Update()
    {
        using var guard = torch.no_grad();
        for (int i = 0; i < Tensors.Count; i++)
        {
            Tensors[i].Value.mul_(_decay).add_(_weights[i].Value, alpha: 1 - _decay);
        }
    }

    /// <summary>Runs <paramref name="action"/> while the average stands in the weights' place.</summary>
    public void While(Action action)
    {
        if (Tensors.Count == 0)
        {
            action();
            return;
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var own = _weights.Select(w => w.Value.detach().clone()).ToList();
        CopyToWeights();
        try
        {
            action();
        }
        finally
        {
            for (int i = 0; i < own.Count; i++)
            {
                _weights[i].Value.copy_(own[i]);
            }
        }
    }

    /// <summary>Puts the average into the weights for good.</summary>
    public void CopyToWeights()
    {
        using var guard = torch.no_grad();
        for (int i = 0; i < Tensors.Count; i++)
        {
            _weights[i].Value.copy_(Tensors[i].Value);
        }
    }

    public void Dispose()
    {
        foreach (var (_, tensor) in Tensors)
        {
            tensor.Dispose();
        }
    }
}
