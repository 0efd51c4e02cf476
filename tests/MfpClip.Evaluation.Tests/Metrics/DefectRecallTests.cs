using MfpClip.Data;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.Tests.Metrics;

/// <summary>Recall of defects at a number of false regions, on maps whose regions can be counted by hand.</summary>
public sealed class DefectRecallTests
{
    private const int Side = 40;

    // All of a picture may be one region, so that only regions count.
    private static readonly DefectRecallOptions Any = new() { Sizes = [2, 6], LargestRegion = 0.1 };

    [Theory]
    [InlineData(1, 0.6f, 1, 0)] // 0.9 finds the small one, 0.8 is false, 0.6 would be the second false one
    [InlineData(2, 0.4f, 1, 1)] // 0.5 finds the large one, 0.4 would be the third false one
    public void Threshold_falls_until_there_would_be_too_many_false_regions(double allowed, float above, int small, int large)
    {
        var accumulator = new DefectRecallAccumulator(Any with { FalseRegions = allowed });
        Add(accumulator, [(2, 2, 2, 2, 0.9f), (10, 10, 6, 3, 0.5f)], [(30, 30, 3, 3, 0.8f), (30, 2, 2, 2, 0.6f), (2, 30, 2, 2, 0.4f)]);

        var recall = accumulator.Compute();

        Assert.Equal(MathF.BitIncrement(above), recall.Threshold);
        Assert.Equal(allowed, recall.FalseRegions);
        Assert.Equal([new SizeRecall(2, small, 1), new SizeRecall(6, large, 1)], recall.Sizes);
    }

    [Fact]
    public void False_regions_of_normal_pictures_count_and_one_threshold_holds_for_all()
    {
        var accumulator = new DefectRecallAccumulator(Any);
        Add(accumulator, [(2, 2, 2, 2, 0.5f)], []);
        Add(accumulator, [], [(2, 2, 2, 2, 0.9f), (20, 20, 2, 2, 0.8f), (30, 5, 2, 2, 0.55f)]); // two pictures may have two

        var recall = accumulator.Compute();

        Assert.Equal(MathF.BitIncrement(0.55f), recall.Threshold);
        Assert.Equal([new SizeRecall(2, 0, 1)], recall.Sizes);
        Assert.Equal(2, recall.Pictures);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1], recall.Froc.Select(p => p.Y)); // at 2 a picture the third false one is allowed
    }

    [Fact]
    public void Regions_that_meet_are_one_and_a_corner_is_enough()
    {
        var accumulator = new DefectRecallAccumulator(Any);
        // A false region grows diagonally into the defect: there is no false one any more, and the next may come.
        var map = Map([(10, 10, 2, 2, 0.9f), (12, 12, 2, 2, 0.8f), (30, 30, 2, 2, 0.7f), (30, 2, 2, 2, 0.6f)]);
        accumulator.Add(map, Mask([(13, 13, 2, 2, 0)]));

        var recall = accumulator.Compute();

        Assert.Equal(MathF.BitIncrement(0.6f), recall.Threshold);
        Assert.Equal(1, recall.FalseRegions); // 0.7
        Assert.Equal(1, recall.Recall.Value);
    }

    [Theory]
    [InlineData(0.1, 0)] // 8 x 20 of 1600 pixels are a tenth: one more is too large
    [InlineData(0.2, 1)]
    public void Regions_that_are_too_large_find_nothing(double largest, int found)
    {
        var accumulator = new DefectRecallAccumulator(Any with { LargestRegion = largest, FalseRegions = 2 });
        Add(accumulator, [(10, 10, 2, 2, 0.9f)], [(6, 8, 8, 20, 0.9f), (6, 28, 1, 1, 0.9f)]);

        var recall = accumulator.Compute();

        Assert.Equal([new SizeRecall(2, found, 1)], recall.Sizes);
        Assert.Equal(found == 1 ? 0 : 2, recall.FalseRegions); // 161 pixels are two regions of 160
    }

    [Fact]
    public void A_constant_map_finds_nothing()
    {
        var accumulator = new DefectRecallAccumulator(Any with { FalseRegions = 4 });
        accumulator.Add(new(Side, Side, Enumerable.Repeat(0.5f, Side * Side).ToArray()), Mask([(2, 2, 2, 2, 0)]));

        Assert.Equal(0, accumulator.Compute().Recall.Value);
    }

    [Fact]
    public void A_perfect_map_finds_all_without_false_regions()
    {
        var accumulator = new DefectRecallAccumulator(new() { Sizes = [4, 8, 16], FalseRegions = 0.01, LargestRegion = 0.2 });
        Add(accumulator, [(2, 2, 4, 1, 1), (10, 2, 3, 7, 1), (20, 10, 15, 15, 1)], []);

        var recall = accumulator.Compute();

        Assert.Equal(0, recall.FalseRegions);
        Assert.Equal([new SizeRecall(4, 1, 1), new SizeRecall(8, 1, 1), new SizeRecall(16, 1, 1)], recall.Sizes); // 7 is nearest to 8, 15 to 16
    }

    [Fact]
    public void Agrees_with_labelling_at_every_threshold()
    {
        var random = new Random(3);
        var maps = Enumerable.Range(0, 6).Select(_ => new AnomalyMap(Side, Side,
            [.. Enumerable.Range(0, Side * Side).Select(_ => MathF.Round(random.NextSingle() * random.NextSingle(), 2))])).ToList();
        var masks = maps.Select((_, i) => Mask(i == 5 ? [] : [(3 + i, 4, 3, 3, 0), (20, 20 + i, 1, 2, 0), (30, 5, 6, 4, 0)])).ToList();
        var options = new DefectRecallOptions { Sizes = [2, 3, 6], FalseRegions = 5, LargestRegion = 0.03 };
        var accumulator = new DefectRecallAccumulator(options);
        maps.Zip(masks).ToList().ForEach(p => accumulator.Add(p.First, p.Second));

        var recall = accumulator.Compute();

        var (found, falseRegions) = ByLabelling(maps, masks, recall.Threshold!.Value, (int)(0.03 * Side * Side));
        Assert.Equal(falseRegions / 6.0, recall.FalseRegions);
        Assert.InRange(falseRegions, 1, 30);
        Assert.Equal(found, recall.Sizes.Sum(s => s.Found));
        // One step lower is not allowed.
        Assert.True(ByLabelling(maps, masks, MathF.BitDecrement(recall.Threshold.Value), (int)(0.03 * Side * Side)).False > 30);
    }

    [Fact]
    public void Sizes_that_differ_and_values_that_are_not_finite_are_refused()
    {
        var accumulator = new DefectRecallAccumulator();

        Assert.Throws<ArgumentException>(() => accumulator.Add(Map([]), AnomalyMask.Empty(Side, 2)));
        Assert.Throws<ArgumentException>(() => accumulator.Add(Map([(1, 1, 1, 1, float.NaN)]), Mask([])));
        Assert.Throws<ArgumentException>(() => new DefectRecallAccumulator(new() { FalseRegions = 0 }));
        Assert.Null(accumulator.Compute().Threshold);
    }

    private static (int Found, int False) ByLabelling(List<AnomalyMap> maps, List<AnomalyMask> masks, float threshold, int largest)
    {
        int found = 0, falseRegions = 0;
        foreach (var (map, mask) in maps.Zip(masks))
        {
            var (regions, areas) = MaskRegions.Label([.. map.Data.Select(v => v >= threshold)], Side);
            var (defects, all) = MaskRegions.Label(mask.Values, Side);
            var touching = regions.Zip(defects).Where(p => p.First > 0 && p.Second > 0).Distinct().ToList();
            falseRegions += areas.Select((a, i) => a > largest ? (a + largest - 1) / largest : touching.Exists(t => t.First == i + 1) ? 0 : 1).Sum();
            found += Enumerable.Range(1, all.Count).Count(d => touching.Exists(t => t.Second == d)
                && !touching.Exists(t => t.Second == d && areas[t.First - 1] > largest));
        }

        return (found, falseRegions);
    }

    private static void Add(
        DefectRecallAccumulator accumulator, (int X, int Y, int W, int H, float V)[] defects, (int X, int Y, int W, int H, float V)[] others) =>
        accumulator.Add(Map([.. others, .. defects]), Mask(defects));

    private static AnomalyMap Map((int X, int Y, int W, int H, float V)[] boxes)
    {
        var values = new float[Side * Side];
        foreach (var (x, y, w, h, v) in boxes)
        {
            for (int i = 0; i < w * h; i++)
            {
                values[((y + (i / w)) * Side) + x + (i % w)] = v;
            }
        }

        return new(Side, Side, values);
    }

    private static AnomalyMask Mask((int X, int Y, int W, int H, float V)[] boxes) =>
        new(Side, Side, [.. Map([.. boxes.Select(b => b with { V = 1 })]).Data.Select(v => v > 0)]);
}
