namespace MfpClip.References;

/// <summary>
/// Number, mean and covariance of tokens, image by image in double precision: any number of images in D x D values, and the order of the images
/// changes nothing but the last digits (Chan, Golub and LeVeque, 1979). Not safe for concurrent callers.
/// </summary>
internal sealed class TokenStatistics : IDisposable
{
    private Tensor? _mean, _scatter; // [D], [D, D]: sum of (x - mean)(x - mean)^T

    /// <summary>Tokens so far.</summary>
    public long Count { get; private set; }

    /// <summary>Their mean, <c>[D]</c>, float64; stays this object's.</summary>
    /// <exception cref="ReferenceException">There are none.</exception>
    public Tensor Mean => _mean ?? throw Empty();

    /// <summary>Sum of (x - mean)(x - mean)^T, <c>[D, D]</c>, float64; stays this object's.</summary>
    /// <exception cref="ReferenceException">There are none.</exception>
    public Tensor Scatter => _scatter ?? throw Empty();

    /// <summary>Takes the tokens of one image, or of several.</summary>
    /// <param name="tokens"><c>[N, D]</c> in any precision; the first call decides D and the device. Stays the caller's.</param>
    /// <exception cref="ReferenceException">The tokens have another width, or values that are not finite; nothing was taken.</exception>
    public void Add(Tensor tokens)
    {
        if (tokens.shape[0] == 0)
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = tokens.to(ScalarType.Float64, _mean?.device ?? tokens.device);
        Check(x);
        var mean = x.mean([0]);
        var centred = x - mean;
        Add(x.shape[0], mean, MatrixProduct.Of(centred.t(), centred));
    }

    /// <summary>Takes tokens whose moments are known.</summary>
    /// <param name="count">How many.</param>
    /// <param name="mean"><c>[D]</c>, float64.</param>
    /// <param name="scatter"><c>[D, D]</c>, float64, about their mean.</param>
    public void Add(long count, Tensor mean, Tensor scatter)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        if (_mean is null)
        {
            (_mean, _scatter, Count) = (mean.clone().DetachFromDisposeScope(), scatter.clone().DetachFromDisposeScope(), count);
            return;
        }

        double before = Count, added = count;
        var step = mean - _mean;
        var together = (scatter + _scatter!).add_(step.outer(step), before * added / (before + added));
        var middle = _mean + (step * (added / (before + added)));
        // Both or neither: what fails before this line has changed nothing.
        Dispose();
        (_mean, _scatter, Count) = (middle.DetachFromDisposeScope(), together.DetachFromDisposeScope(), Count + count);
    }

    /// <summary>Sample covariance <c>[D, D]</c>, float64, divided by N - 1.</summary>
    /// <exception cref="ReferenceException">There are fewer than two tokens.</exception>
    public Tensor Covariance() => Covariance(Mean);

    /// <summary>The same about a given mean, as where mean and covariance come from two passes over different samples.</summary>
    /// <param name="mean"><c>[D]</c>, float64.</param>
    /// <exception cref="ReferenceException">There are fewer than two tokens.</exception>
    public Tensor Covariance(Tensor mean)
    {
        if (Count < 2)
        {
            throw Empty();
        }

        using var scope = torch.NewDisposeScope();
        var step = Mean - mean;
        return ((_scatter! + (step.outer(step) * Count)) / (Count - 1)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _mean?.Dispose();
        _scatter?.Dispose();
    }

    private void Check(Tensor x)
    {
        if (_mean is not null && x.shape[1] != _mean.shape[0])
        {
            throw new ReferenceException(
                null, $"tokens have {x.shape[1]} values, those before {_mean.shape[0]}. Compute all with the same backbone and layers.");
        }

        if (!x.isfinite().all().item<bool>())
        {
            throw new ReferenceException(null, "tokens have values that are not finite. Check the weights and the precision of the backbone.");
        }
    }

    private static ReferenceException Empty() => new(null, "there are too few tokens for a mean and a covariance. Add at least one image of several patches.");
}
