using CsCheck;
using MfpClip.Data;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.Tests.Metrics;

public class PixelMetricsTests
{
    private const int Side = 24;

    /// <summary>Maps whose scores lean towards the mask, with masks of one to three rectangles; the last image is good.</summary>
    private static readonly Gen<List<(AnomalyMap Map, AnomalyMask Mask)>> Sets = Gen.Select(Gen.Int, Gen.Int[2, 4], Gen.Double[0, 2]).Select((seed, n, lean) =>
    {
        var random = new Random(seed);
        return Enumerable.Range(0, n).Select(i =>
        {
            var mask = new bool[Side * Side];
            for (int r = 0; r < (i < n - 1 ? random.Next(1, 4) : 0); r++)
            {
                var (x, y, w, h) = (random.Next(Side), random.Next(Side), random.Next(1, 9), random.Next(1, 9));
                for (int p = 0; p < mask.Length; p++)
                {
                    mask[p] |= p % Side >= x && p % Side < x + w && p / Side >= y && p / Side < y + h;
                }
            }

            float[] map = [.. mask.Select(m => (float)(1 / (1 + Math.Exp(-(4 * (random.NextDouble() - 0.5)) - (m ? lean : 0)))))];
            return (new AnomalyMap(Side, Side, map), new AnomalyMask(Side, Side, mask));
        }).ToList();
    });

    [Fact]
    public void The_exact_form_agrees_with_sorting_all_pixels_and_with_the_definition_of_AUPRO() => Sets.Sample(set =>
    {
        var metrics = Compute(set, new());
        var scores = set.SelectMany(s => s.Map.Data).Select(v => (double)v).ToArray();
        var all = ImageMetrics.Compute(scores, set.SelectMany(s => s.Mask.Data).ToArray());
        Assert.True(metrics.IsExact);
        Assert.Equal(all.Auroc, metrics.Ranking.Auroc);
        Assert.Equal(all.AveragePrecision.Value!.Value, metrics.Ranking.AveragePrecision.Value!.Value, 12);
        Assert.Equal(AuproByDefinition(set, 0.3), metrics.Aupro.Value!.Value, 9);
    }, iter: 30);

    [Fact]
    public void Bins_differ_from_the_exact_form_by_no_more_than_they_say() => Sets.Sample(set =>
    {
        var exact = Compute(set, new());
        var binned = Compute(set, new() { MaximumExactPixels = 0 });
        Assert.False(binned.IsExact);
        Assert.Equal((exact.Pixels, exact.Regions), (binned.Pixels, binned.Regions));
        Within(exact.Ranking.Auroc, binned.Ranking.Auroc, 1e-4);
        Within(exact.Ranking.AveragePrecision, binned.Ranking.AveragePrecision, 1e-2);
        Within(exact.Ranking.F1Max, binned.Ranking.F1Max, 1e-2);
        Within(exact.Aupro, binned.Aupro, 1e-3);
        Within(exact.AuproAuthors, binned.AuproAuthors, 1e-2);
    }, iter: 50);

    [Fact]
    public void The_stepped_form_knows_its_bound_where_bins_are_as_wide_as_its_steps() => Gen.Float[0, 1].Array[Side * Side].Sample(spread =>
    {
        // Scores in two or three bins of 64 numbers: nearly every threshold falls inside a bin.
        int first = BitConverter.SingleToInt32Bits(0.5f);
        float[] scores = [.. spread.Select(s => BitConverter.Int32BitsToSingle(first + (int)(s * 190)))];
        var mask = new AnomalyMask(Side, Side, [.. Enumerable.Range(0, Side * Side).Select(i => i % Side < 2)]);
        List<(AnomalyMap, AnomalyMask)> set = [(new(Side, Side, scores), mask)];
        var (exact, binned) = (Compute(set, new()).AuproAuthors, Compute(set, new() { MaximumExactPixels = 0 }).AuproAuthors);
        Assert.Equal(0, exact.Error);
        Assert.True(binned.Value is null || Math.Abs(exact.Value!.Value - binned.Value.Value) <= binned.Error + 1e-12,
            $"{binned.Value} is off {exact.Value} by more than {binned.Error}");
    }, iter: 200);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Within_one_bin_the_order_is_lost_and_the_bounds_say_so(bool defectOnTop)
    {
        // 64 neighbouring float32 numbers are one bin; a perfect or a reversed order inside of it cannot be seen.
        float[] scores = [.. Enumerable.Range(0, 64).Select(i => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(0.5f) + i))];
        var mask = new AnomalyMask(64, 1, [.. Enumerable.Range(0, 64).Select(i => i >= 32 == defectOnTop)]);
        var (exact, binned) = (Compute([(new(64, 1, scores), mask)], new()), Compute([(new(64, 1, scores), mask)], new() { MaximumExactPixels = 0 }));

        Assert.Equal(defectOnTop ? 1 : 0, exact.Ranking.Auroc.Value!.Value);
        Assert.Equal(0.5, binned.Ranking.Auroc.Value!.Value);
        Assert.Equal(2.0 / 3, binned.Ranking.F1Max.Value!.Value, 12);
        Within(exact.Ranking.Auroc, binned.Ranking.Auroc, 1);
        Within(exact.Ranking.AveragePrecision, binned.Ranking.AveragePrecision, 1);
        Within(exact.Ranking.F1Max, binned.Ranking.F1Max, 1);
        Within(exact.Aupro, binned.Aupro, 1.01);
    }

    [Fact]
    public void Bins_of_coarse_scores_hold_one_score_each_and_change_nothing() => Sets.Sample(set =>
    {
        // Scores on a grid of 1/1024 fall into bins of their own: nothing is lost.
        var coarse = set.ConvertAll(s => (new AnomalyMap(Side, Side, [.. s.Map.Data.Select(v => MathF.Round(v * 1024) / 1024)]), s.Mask));
        var (exact, binned) = (Compute(coarse, new()), Compute(coarse, new() { MaximumExactPixels = 0 }));
        Assert.Equal(exact.Ranking.Auroc.Value!.Value, binned.Ranking.Auroc.Value!.Value, 12);
        Assert.Equal(exact.Ranking.F1Max.Value!.Value, binned.Ranking.F1Max.Value!.Value, 12);
        Assert.Equal(exact.Aupro.Value!.Value, binned.Aupro.Value!.Value, 9);
        Assert.Equal(exact.Ranking.AveragePrecision.Value!.Value, binned.Ranking.AveragePrecision.Value!.Value, 12);
    }, iter: 30);

    [Fact]
    public void Passing_the_limit_halfway_counts_every_pixel_once() => Sets.Sample(set =>
    {
        var (halfway, binned) = (Compute(set, new() { MaximumExactPixels = Side * Side }), Compute(set, new() { MaximumExactPixels = 0 }));
        Assert.Equal(binned.Ranking.Auroc, halfway.Ranking.Auroc);
        Assert.Equal(binned.Aupro.Value!.Value, halfway.Aupro.Value!.Value, 9);
    }, iter: 10);

    [Fact]
    public void A_monotone_transform_changes_nothing_but_the_stepped_form() => Sets.Sample(set =>
    {
        // Powers of two: exact in float32, so that no new ties come up.
        var moved = set.ConvertAll(s => (new AnomalyMap(Side, Side, [.. s.Map.Data.Select(v => v * 64)]), s.Mask));
        var (a, b) = (Compute(set, new()), Compute(moved, new()));
        Assert.Equal((a.Ranking.Auroc, a.Ranking.AveragePrecision, a.Ranking.F1Max, a.Aupro),
            (b.Ranking.Auroc, b.Ranking.AveragePrecision, b.Ranking.F1Max, b.Aupro));
    }, iter: 20);

    [Fact]
    public void Truth_as_map_is_perfect_and_a_constant_map_is_half_the_limit()
    {
        var mask = new AnomalyMask(4, 4, [.. Enumerable.Range(0, 16).Select(i => i is 0 or 1 or 15)]);
        var perfect = Compute([(new AnomalyMap(4, 4, [.. mask.Data.Select(m => m ? 1f : 0f)]), mask)], new());
        var constant = Compute([(new AnomalyMap(4, 4, [.. Enumerable.Repeat(0.4f, 16)]), mask)], new());

        Assert.Equal((1.0, 1.0, 1.0), (perfect.Ranking.Auroc.Value!.Value, perfect.Ranking.F1Max.Value!.Value, perfect.Aupro.Value!.Value));
        Assert.Equal(2, perfect.Regions);
        Assert.Equal(0.5, constant.Ranking.Auroc.Value);
        // The line from (0,0) to (1,1) up to 0.3: 0.045 / 0.3.
        Assert.Equal(0.15, constant.Aupro.Value!.Value, 12);
        Assert.NotNull(constant.AuproAuthors.Reason);
    }

    [Fact]
    public void Every_region_counts_the_same_whatever_its_size()
    {
        // A region of one pixel is found, one of nine is not: PRO is one half, though one pixel of ten was found.
        var mask = new bool[100];
        mask[0] = true;
        for (int i = 0; i < 9; i++)
        {
            mask[((5 + (i / 3)) * 10) + 5 + (i % 3)] = true;
        }

        var map = new float[100];
        map[0] = 1;
        var metrics = Compute([(new(10, 10, map), new(10, 10, mask))], new());

        // From (0, 1/2) to (1, 1): at 0.3 it is 0.65, so the mean height is 0.575.
        Assert.Equal(0.575, metrics.Aupro.Value!.Value, 12);
    }

    [Fact]
    public void Regions_touch_across_corners()
    {
        bool[] mask = [true, false, false, false, true, false, false, false, false];
        Assert.Equal([2], MaskRegions.Label(mask, 3).Areas);
    }

    [Fact]
    public void Maps_that_cannot_be_judged_are_refused_or_explained()
    {
        var accumulator = new PixelMetricsAccumulator();
        Assert.NotNull(accumulator.Compute().Aupro.Reason);
        Assert.Throws<ArgumentException>(() => accumulator.Add(new(2, 1, [0, 1]), AnomalyMask.Empty(1, 2)));
        accumulator.Add(new(2, 1, [0, float.NaN]), AnomalyMask.Empty(2, 1));
        Assert.Contains("not finite", accumulator.Compute().Ranking.Auroc.Reason, StringComparison.Ordinal);
    }

    private static PixelMetrics Compute(List<(AnomalyMap Map, AnomalyMask Mask)> set, PixelMetricsOptions options)
    {
        var accumulator = new PixelMetricsAccumulator(options);
        set.ForEach(s => accumulator.Add(s.Map, s.Mask));
        return accumulator.Compute();
    }

    private static void Within(MetricValue exact, MetricValue binned, double sane)
    {
        Assert.True(Math.Abs(exact.Value!.Value - binned.Value!.Value) <= binned.Error + 1e-12,
            $"{binned.Value} is off {exact.Value} by more than {binned.Error}");
        Assert.True(binned.Error < sane, $"the bound {binned.Error} says nothing");
    }

    // Straight from the definition: a threshold at every score, overlaps counted region by region.
    private static double AuproByDefinition(List<(AnomalyMap Map, AnomalyMask Mask)> set, double limit)
    {
        var regions = new List<List<float>>();
        var background = new List<float>();
        foreach (var (map, mask) in set)
        {
            var (labels, areas) = MaskRegions.Label(mask.Data, Side);
            regions.AddRange(Enumerable.Range(1, areas.Count).Select(r => map.Data.Where((_, i) => labels[i] == r).ToList()));
            background.AddRange(map.Data.Where((_, i) => labels[i] == 0));
        }

        var curve = set.SelectMany(s => s.Map.Data).Distinct().OrderDescending().Select(t => (
            X: background.Count(b => b >= t) / (double)background.Count, Y: regions.Average(r => r.Count(v => v >= t) / (double)r.Count)))
                .Prepend((0.0, 0.0)).ToList();
        double area = 0;
        for (int i = 1; i < curve.Count; i++)
        {
            var (a, b) = (curve[i - 1], curve[i]);
            if (a.Item1 < limit && b.Item1 > a.Item1)
            {
                double end = Math.Min(limit, b.Item1), y = a.Item2 + ((b.Item2 - a.Item2) * (end - a.Item1) / (b.Item1 - a.Item1));
                area += (end - a.Item1) * (a.Item2 + y) / 2;
            }
        }

        return area / limit;
    }
}
