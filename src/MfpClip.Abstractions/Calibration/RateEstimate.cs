namespace MfpClip;

/// <summary>
/// What a number of events among some images says about later images that are like them: how many to expect, and an interval for their rate.
/// </summary>
/// <param name="Count">Events, for example normal images at or above a threshold.</param>
/// <param name="Images">Images.</param>
/// <param name="Expected">
/// Expected fraction of later images, <c>(Count + 1) / (Images + 1)</c>: the chance that one more image of the same kind lies beyond a threshold that
/// stands right behind the others.
/// </param>
/// <param name="Lower">Lower end of the exact 95 % interval (Clopper-Pearson); 0 where nothing was counted.</param>
/// <param name="Upper">Upper end; where nothing was counted, the one-sided bound <c>1 - 0.05^(1/Images)</c>.</param>
public sealed record RateEstimate(int Count, int Images, double Expected, double Lower, double Upper)
{
    private const double Miss = 0.05;

    /// <summary>The estimate from a count.</summary>
    /// <param name="count">From 0 to <paramref name="images"/>.</param>
    /// <param name="images">At least 1.</param>
    public static RateEstimate Of(int count, int images)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, images);

        // With all or nothing counted there is one side to miss on.
        double lower = count == 0 ? 0 : count == images ? Math.Pow(Miss, 1.0 / images) : Rate(count - 1, images, 1 - (Miss / 2));
        double upper = count == images ? 1 : count == 0 ? 1 - Math.Pow(Miss, 1.0 / images) : Rate(count, images, Miss / 2);
        return new(count, images, (count + 1.0) / (images + 1), lower, upper);
    }

    // The rate at which at most so many events have the given probability; that falls as the rate rises.
    private static double Rate(int count, int images, double probability)
    {
        double low = 0, high = 1;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = AtMost(count, images, middle) > probability ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    // Binomial distribution function, in logarithms: no term overflows or vanishes too early.
    private static double AtMost(int count, int images, double rate)
    {
        double term = images * Math.Log(1 - rate), sum = Math.Exp(term), odds = Math.Log(rate) - Math.Log(1 - rate);
        for (int i = 0; i < count; i++)
        {
            term += Math.Log((double)(images - i) / (i + 1)) + odds;
            sum += Math.Exp(term);
        }

        return sum;
    }
}
