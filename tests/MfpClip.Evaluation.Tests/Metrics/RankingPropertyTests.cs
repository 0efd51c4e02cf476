using CsCheck;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.Tests.Metrics;

public class RankingPropertyTests
{
    // Scores on a coarse grid, so that ties are common.
    private static readonly Gen<(double[] Scores, bool[] Labels)> Labelled =
        Gen.Select(Gen.Int[-20, 20].Select(i => i / 8.0), Gen.Bool).Array[2, 60].Where(a => a.Any(i => i.Item2) && a.Any(i => !i.Item2))
            .Select(a => (a.Select(i => i.Item1).ToArray(), a.Select(i => i.Item2).ToArray()));

    [Fact]
    public void A_monotone_transform_changes_nothing() => Labelled.Sample(d =>
    {
        var (a, b) = (ImageMetrics.Compute(d.Scores, d.Labels), ImageMetrics.Compute([.. d.Scores.Select(s => Math.Exp(s) - 7)], d.Labels));
        Assert.Equal((a.Auroc, a.AveragePrecision, a.F1Max), (b.Auroc, b.AveragePrecision, b.F1Max));
    });

    [Fact]
    public void Negated_scores_have_the_complementary_AUROC() => Labelled.Sample(d =>
    {
        double plain = ImageMetrics.Compute(d.Scores, d.Labels).Auroc.Value!.Value;
        Assert.Equal(1 - plain, ImageMetrics.Compute([.. d.Scores.Select(s => -s)], d.Labels).Auroc.Value!.Value, 12);
    });

    [Fact]
    public void AUROC_is_the_share_of_ordered_pairs() => Labelled.Sample(d =>
    {
        var positives = d.Scores.Where((_, i) => d.Labels[i]).ToList();
        var negatives = d.Scores.Where((_, i) => !d.Labels[i]).ToList();
        double pairs = positives.Sum(p => negatives.Sum(n => p > n ? 1 : p == n ? 0.5 : 0)) / positives.Count / negatives.Count;
        Assert.Equal(pairs, ImageMetrics.Compute(d.Scores, d.Labels).Auroc.Value!.Value, 12);
    });

    [Fact]
    public void F1_max_is_the_best_of_all_thresholds_and_its_threshold_attains_it() => Labelled.Sample(d =>
    {
        double F1(double t)
        {
            int tp = d.Scores.Where((s, i) => s >= t && d.Labels[i]).Count(), fp = d.Scores.Where((s, i) => s >= t && !d.Labels[i]).Count();
            return 2.0 * tp / (tp + fp + d.Labels.Count(l => l));
        }

        var metrics = ImageMetrics.Compute(d.Scores, d.Labels);
        Assert.Equal(d.Scores.Max(F1), metrics.F1Max.Value!.Value, 12);
        Assert.Equal(metrics.F1Max.Value!.Value, F1(metrics.F1Threshold!.Value), 12);
    });

    [Fact]
    public void Constant_scores_tell_nothing() => Labelled.Sample(d =>
    {
        var metrics = ImageMetrics.Compute(new double[d.Labels.Length], d.Labels);
        double share = d.Labels.Count(l => l) / (double)d.Labels.Length;
        Assert.Equal(0.5, metrics.Auroc.Value);
        Assert.Equal(share, metrics.AveragePrecision.Value!.Value, 12);
        Assert.Equal(2 * share / (1 + share), metrics.F1Max.Value!.Value, 12);
    });

    [Fact]
    public void A_perfect_ranking_scores_1() => Labelled.Sample(d =>
    {
        var metrics = ImageMetrics.Compute([.. d.Scores.Select((s, i) => s + (d.Labels[i] ? 100 : 0))], d.Labels);
        Assert.Equal((1.0, 1.0, 1.0), (metrics.Auroc.Value!.Value, metrics.AveragePrecision.Value!.Value, metrics.F1Max.Value!.Value));
    });

    [Fact]
    public void Where_there_is_no_value_there_is_a_reason()
    {
        Assert.NotNull(ImageMetrics.Compute([1], [true]).Auroc.Reason);
        Assert.NotNull(ImageMetrics.Compute([double.NaN, 1], [true, false]).AveragePrecision.Reason);
        Assert.NotNull(ImageMetrics.Compute([], []).F1Max.Reason);
        Assert.Throws<ArgumentException>(() => ImageMetrics.Compute([1, 2], [true]));
    }
}
