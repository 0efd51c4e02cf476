namespace MfpClip.Objectives.Losses;

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
