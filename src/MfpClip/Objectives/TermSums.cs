namespace MfpClip.Objectives;

/// <summary>Adds up a loss term by term. Lives inside one dispose scope.</summary>
public sealed class TermSums
{
    private readonly List<string> _names = [];
    private readonly Dictionary<string, Tensor> _sums = new(StringComparer.Ordinal);

    /// <summary>Adds <c>weight * term</c> to the term of that name.</summary>
    public void Add(string name, Tensor term, double weight = 1)
    {
        var weighted = weight == 1 ? term : term * weight;
        if (_sums.TryGetValue(name, out var sum))
        {
            _sums[name] = sum + weighted;
        }
        else
        {
            _names.Add(name);
            _sums[name] = weighted;
        }
    }

    /// <summary>The total, moved to the scope outside the caller's, and the terms.</summary>
    public TrainingLoss Finish()
    {
        var total = _sums[_names[0]];
        foreach (string name in _names.Skip(1))
        {
            total = total + _sums[name];
        }

        return new(
            total.alias().MoveToOuterDisposeScope(),
            [.. _names.Select(n => new KeyValuePair<string, double>(n, _sums[n].detach().to(ScalarType.Float64, torch.CPU).item<double>()))]);
    }
}
