using MfpClip.References;

namespace MfpClip.Tests.References;

/// <summary>Which reference is told to be looked at, by closed forms.</summary>
public class OutlyingReferenceTests
{
    private const int Side = 10;
    private static readonly int[] FirstBlock = [0, 1, Side, Side + 1];

    // Blocks of the others are 0 or 1: their variance is 1/4, and with the least deviation the unit is sqrt(1/4 + 1/25).
    [Theory]
    [InlineData(1.001, 3)]
    [InlineData(0.999, -1)]
    public void An_image_is_named_from_a_limit_on_above_the_others(double times, int expected)
    {
        double limit = 1.8 * Math.Sqrt(0.25 + 0.04);

        Assert.Equal(expected, OutlyingReference.Find([[0, 1], [1, 0], [0, 1], [0, 1 + (times * limit)]]));
    }

    [Fact]
    public void Images_that_are_unlike_one_another_name_none()
    {
        // From halfway between the usual other image (1) and the farthest (5): 6 - 3 is less than the limit of these units.
        Assert.Equal(-1, OutlyingReference.Find([[0, 1], [1, 0], [0, 5], [0, 6]]));
        Assert.Equal(-1, OutlyingReference.Find([[0, 9], [0, 9], [0, 1], [0, 1]])); // two alike
    }

    [Theory]
    [InlineData(new double[] { 1, 2, 4.01, 1 }, 2)]
    [InlineData(new double[] { 1, 2, 3.99, 1 }, -1)]
    [InlineData(new double[] { 5, 5, 1, 1 }, -1)] // two alike
    public void An_image_twice_as_far_as_every_other_shows_something_else(double[] usual, int expected) =>
        Assert.Equal(expected, OutlyingReference.FindStranger(usual));

    [Fact]
    public void A_place_unlike_the_others_is_named_another_light_everywhere_is_not()
    {
        float[] usual = Far(), local = Far(), everywhere = Far(), stranger = [.. Far().Select(d => d * 3)];
        foreach (int i in FirstBlock)
        {
            local[i] *= 20;
        }

        for (int i = 0; i < everywhere.Length; i++)
        {
            everywhere[i] *= 1.6f;
        }

        Assert.Equal("3", Named(Map(), usual, usual, usual, local));
        Assert.Null(Named(Map(), usual, usual, usual, everywhere));
        Assert.Equal("3", Named(Map(), usual, usual, usual, stranger));
        Assert.Null(Named(Map(), local, local)); // of two nobody can tell
    }

    [Fact]
    public void The_methods_own_map_counts_where_it_has_one()
    {
        float[] usual = Far(), map = Map();
        foreach (int i in FirstBlock)
        {
            map[i] = 0.9f;
        }

        Assert.Equal("3", Named(map, usual, usual, usual, usual));
        Assert.Null(Named(new float[Side * Side], usual, usual, usual, usual));
    }

    private static float[] Far() => [.. Enumerable.Range(0, Side * Side).Select(i => 0.1f + (0.01f * (i % 7)))];

    private static float[] Map() => [.. Enumerable.Range(0, Side * Side).Select(i => 0.1f + (0.01f * (i % 3)))];

    // The map is the last image's; its highest cells lie in the first block.
    private static string? Named(float[] map, params float[][] distances)
    {
        using var scope = torch.NewDisposeScope();
        var entries = distances.Select((_, i) => new ReferenceEntry(
            $"{i}", $"{i}", Side, Side, Side, Side, torch.eye(Side * Side), [.. Enumerable.Range(0, Side * Side)],
            i == distances.Length - 1 ? map : map.Max() == 0 ? map : Map(), 0)).ToList();
        using var model = new NeighbourModel(entries, new() { CoresetRatio = 1 }, torch.CPU);
        return OutlyingReference.Find(entries, distances, model, 0.5, CancellationToken.None)?.Id;
    }
}
