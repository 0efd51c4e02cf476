using MfpClip.Evaluation.Decisions;

namespace MfpClip.Evaluation.Tests.Decisions;

/// <summary>Intervals against published values and independent computations.</summary>
public sealed class IntervalTests
{
    // R. G. Newcombe, Statistics in Medicine 17 (1998), Table I, method 3 (Wilson's score interval).
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void A_rate_has_Wilsons_interval(int count, int total, double lower, double upper)
    {
        var rate = new Proportion(count, total);

        Assert.Equal(lower, rate.Lower!.Value, 4);
        Assert.Equal(upper, rate.Upper!.Value, 4);
        // The other way round, the interval is the complement.
        Assert.Equal(1 - upper, new Proportion(total - count, total).Lower!.Value, 4);
    }

    [Fact]
    public void The_ends_are_reached_exactly_and_nothing_has_no_rate()
    {
        Assert.Equal(0, new Proportion(0, 20).Lower);
        Assert.Equal(1, new Proportion(20, 20).Upper);
        Assert.Null(default(Proportion).Value);
        Assert.Null(default(Proportion).Lower);
        Assert.Equal("n/a", default(Proportion).ToString());
        Assert.Equal("50.0 (23.7 to 76.3), 5 of 10", new Proportion(5, 10).ToString());
        Assert.Equal(new Proportion(3, 7), new Proportion(1, 3) + new Proportion(2, 4));
    }

    // The structural components of DeLong, DeLong and Clarke-Pearson (1988) summed pair by pair in another language.
    [Fact]
    public void An_auroc_has_DeLongs_interval()
    {
        var interval = AurocInterval.Of([0.6, 0.3, 0.2, 0.1, 0.5, 0.45, 0.7], [0.9, 0.8, 0.7, 0.55, 0.4])!.Value;

        Assert.Equal(0.5516272582350574, interval.Lower, 12); // AUROC 0.8142857, deviation 0.1340119
        Assert.Equal(1, interval.Upper);
    }

    // Two of each: components (1, 0.5) and (1, 0.5), each of variance 1/8; error sqrt(1/16 + 1/16).
    [Fact]
    public void The_interval_of_four_scores_is_that_by_hand()
    {
        var interval = AurocInterval.Of([0, 2], [1, 3])!.Value;

        Assert.Equal(Math.Max(0, 0.75 - (1.959963984540054 * Math.Sqrt(0.125))), interval.Lower, 12);
        Assert.Equal(1, interval.Upper);
    }

    // Newcombe (2006), method 5, solved for its bound by bisection in another language.
    [Theory]
    [InlineData(3, 4, 0.5396916671967272)]
    [InlineData(10, 10, 0.8002136128811059)]
    [InlineData(50, 60, 0.9637298203325378)]
    public void Perfect_order_of_few_images_is_not_certain(int anomalous, int normal, double lower)
    {
        double[] low = [.. Enumerable.Range(0, normal).Select(i => i / 1000.0)], high = [.. Enumerable.Range(0, anomalous).Select(i => 1 + (i / 1000.0))];

        Assert.Equal(lower, AurocInterval.Of(low, high)!.Value.Lower, 10);
        Assert.Equal(1, AurocInterval.Of(low, high)!.Value.Upper);
        Assert.Equal(new(0, 1 - lower), AurocInterval.Of(high, low)!.Value, (a, b) => Math.Abs(a.Lower - b.Lower) + Math.Abs(a.Upper - b.Upper) < 1e-9);
        Assert.Null(AurocInterval.Of([1], high));
    }
}
