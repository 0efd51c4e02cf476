namespace MfpClip.Objectives.Losses;

/// <summary>
/// Focal loss on probabilities, as APRIL-GAN, AnomalyCLIP and AdaCLIP use it (loss.py, FocalLoss): <c>-alpha (1 - p_t)^gamma ln p_t</c>,
/// where p_t is the probability of the true class under a one-hot target that is clamped by <c>smooth</c>, plus <c>smooth</c>.
/// </summary>
/// <param name="Gamma">Focus; 2 in all three.</param>
/// <param name="Smooth">Clamp of the one-hot target; 0 switches it off.</param>
public sealed record FocalLoss(double Gamma = 2, double Smooth = 1e-5)
{
    /// <summary>The settings of all three methods, and of MFP-CLIP here (reconstructed).</summary>
    public static FocalLoss Default { get; } = new();

    /// <summary>Weight of each class; <see langword="null"/>: 1. Normalise a list with <see cref="Normalized"/> as the reference does.</summary>
    public IReadOnlyList<double>? Alpha { get; init; }

    /// <summary>Weights that sum to 1.</summary>
    public static IReadOnlyList<double> Normalized(IReadOnlyList<double> weights) => [.. weights.Select(w => w / weights.Sum())];

    /// <summary>One class has the weight <paramref name="alpha"/>, the others <c>1 - alpha</c>.</summary>
    public static IReadOnlyList<double> Balanced(int classes, double alpha, int index = 0) =>
        [.. Enumerable.Range(0, classes).Select(c => c == index ? alpha : 1 - alpha)];

    /// <summary>Mean over all pixels of all images.</summary>
    /// <param name="probabilities"><c>[B, S, H, W]</c> or <c>[B, S]</c>, S classes.</param>
    /// <param name="target">Class indices of the pixels, any dtype, B H W of them in that order (B for <c>[B, S]</c>).</param>
    public Tensor Mean(Tensor probabilities, Tensor target)
    {
        using var scope = torch.NewDisposeScope();
        return Each(probabilities, target).mean().MoveToOuterDisposeScope();
    }

    /// <summary>The loss of every pixel, <c>[B H W]</c> in that order.</summary>
    public Tensor Each(Tensor probabilities, Tensor target)
    {
        using var scope = torch.NewDisposeScope();
        var S = probabilities.shape[1];
        var p = (probabilities.dim() > 2 ? probabilities.flatten(2).transpose(1, 2) : probabilities).reshape(-1, S); // [B H W, S]
        var index = target.reshape(-1, 1).to(ScalarType.Int64, p.device); // [B H W, 1]
        var onehot = torch.zeros_like(p).scatter_(1, index, torch.ones_like(index, dtype: p.dtype));
        if (Smooth > 0)
        {
            onehot = onehot.clamp(Smooth / (S - 1), 1 - Smooth);
        }

        var pt = (onehot * p).sum(1) + Smooth; // [B H W]
        var loss = -torch.pow(1 - pt, Gamma) * pt.log();
        if (Alpha is { } alpha)
        {
            var weights = torch.tensor(alpha.ToArray(), dtype: p.dtype, device: p.device);
            loss = loss * weights.index_select(0, index.squeeze(1));
        }

        return loss.MoveToOuterDisposeScope();
    }
}

/// <summary>
/// Dice loss of one channel, as APRIL-GAN, AnomalyCLIP and AdaCLIP use it (loss.py, BinaryDiceLoss):
/// <c>1 - mean over images of (2 sum(p g) + 1) / (sum p + sum g + 1)</c>.
/// </summary>
public static class DiceLoss
{
    private const double Smooth = 1;

    /// <summary>The loss.</summary>
    /// <param name="probabilities">p, <c>[B, ...]</c>; the first axis counts images.</param>
    /// <param name="target">g of as many values, 0 or 1.</param>
    public static Tensor Mean(Tensor probabilities, Tensor target)
    {
        using var scope = torch.NewDisposeScope();
        var B = target.shape[0];
        var p = probabilities.reshape(B, -1);
        var g = target.reshape(B, -1).to(p.dtype, p.device);
        var dice = (2 * (p * g).sum(1) + Smooth) / (p.sum(1) + g.sum(1) + Smooth); // [B]
        return (1 - dice.mean()).MoveToOuterDisposeScope();
    }
}
