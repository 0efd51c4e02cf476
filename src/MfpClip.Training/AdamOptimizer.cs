using MfpClip.Objectives;

namespace MfpClip.Training;

/// <summary>Adam and AdamW as PyTorch computes them (torch.optim, without AMSGrad), with moments that can be stored. Owns the moments.</summary>
internal sealed class AdamOptimizer : IDisposable
{
    private readonly TrainingRecipe _recipe;
    private readonly List<Moments> _all;

    public AdamOptimizer(TrainingRecipe recipe, IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        _recipe = recipe;
        using var guard = torch.no_grad();
        _all = [.. weights.Select(w => new Moments(
            w.Key, w.Value, torch.zeros_like(w.Value).DetachFromDisposeScope(), torch.zeros_like(w.Value).DetachFromDisposeScope()))];
    }

    /// <summary>Steps taken.</summary>
    public long Steps { get; set; }

    /// <summary>First and second moments by name (<c>exp_avg.NAME</c>, <c>exp_avg_sq.NAME</c>).</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State =>
        _all.SelectMany(m => new KeyValuePair<string, Tensor>[] { new($"exp_avg.{m.Name}", m.First), new($"exp_avg_sq.{m.Name}", m.Second) });

    /// <summary>Changes the weights by their gradients; one without a gradient stays as it is.</summary>
    /// <param name="learningRate">Learning rate of this step.</param>
    public void Step(double learningRate)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        Steps++;
        double c1 = 1 - Math.Pow(_recipe.Beta1, Steps);
        double c2 = Math.Sqrt(1 - Math.Pow(_recipe.Beta2, Steps));
        foreach (var (_, weight, first, second) in _all)
        {
            if (weight.grad is not { } grad)
            {
                continue;
            }

            if (_recipe.WeightDecay > 0)
            {
                if (_recipe.Optimizer == OptimizerKind.AdamW)
                {
                    weight.mul_(1 - (learningRate * _recipe.WeightDecay));
                }
                else
                {
                    grad = grad + (weight * _recipe.WeightDecay);
                }
            }

            first.mul_(_recipe.Beta1).add_(grad, alpha: 1 - _recipe.Beta1);
            second.mul_(_recipe.Beta2).addcmul_(grad, grad, 1 - _recipe.Beta2);
            var denominator = (second.sqrt() / c2).add_(_recipe.Epsilon);
            weight.addcdiv_(first, denominator, -learningRate / c1);
        }
    }

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGradients()
    {
        foreach (var m in _all)
        {
            m.Weight.grad?.Dispose();
            m.Weight.grad = null;
        }
    }

    public void Dispose()
    {
        foreach (var m in _all)
        {
            m.First.Dispose();
            m.Second.Dispose();
        }
    }

    private sealed record Moments(string Name, Tensor Weight, Tensor First, Tensor Second);
}
