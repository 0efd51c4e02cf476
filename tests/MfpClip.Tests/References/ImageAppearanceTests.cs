using MfpClip.References;

namespace MfpClip.Tests.References;

/// <summary>What is taken out of the distances of images that look unlike the references, by closed forms.</summary>
public class ImageAppearanceTests
{
    // Medians of e^0, e^0.6 and e^-0.6: their logarithms lie around 0 with a sum of squares of 0.72.
    private static readonly ImageAppearance Wide = ImageAppearance.Measure([Cells(0), Cells(0.6), Cells(-0.6)], 0);

    [Fact]
    public void References_that_look_unlike_one_another_weigh_less()
    {
        // Drawn to 0.2 with the weight of two: (2 * 0.04 + 0.72) / (2 + 3 - 1) = 0.2.
        Assert.Equal(0, Wide.Center, 1e-6);
        Assert.Equal(Math.Sqrt(0.2), Wide.Deviation, 1e-6);
        Assert.Equal(0.09 / 0.2, Wide.Weight, 1e-6);

        // Copies of one another: 0.08 / 4, less than what defects do.
        var same = ImageAppearance.Measure([Cells(1), Cells(1), Cells(1)], 0);
        Assert.Equal(1, same.Center, 1e-6);
        Assert.Equal(1, same.Weight);
        Assert.Equal(Math.Sqrt(0.02), same.Deviation, 1e-6);
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0.4, 0.4 * 0.2 / 0.29, 1)] // the normal images' part of the variance: 0.2 / (0.2 + 0.3 * 0.3)
    [InlineData(-2, -2 * 0.2 / 0.29, 1)]
    [InlineData(1.5, (0.5 * 0.2 / 0.29) + 1, 1 / 1.5)] // all beyond one half, where the references weigh less
    public void As_much_is_taken_out_as_normal_images_differ_by_and_all_beyond(double offset, double expected, double weight)
    {
        using var scope = torch.NewDisposeScope();
        var (taken, weights) = Wide.Of(torch.tensor(Cells(offset)).unsqueeze(0), null, 0);

        Assert.Equal(expected, Wide.TakenOut(Cells(offset), 0), 1e-6);
        Assert.Equal(expected, taken.item<float>(), 1e-6);
        Assert.Equal(weight, weights.item<float>(), 1e-6);
    }

    [Fact]
    public void Only_cells_inside_the_region_tell_how_an_image_looks()
    {
        using var scope = torch.NewDisposeScope();
        float[] two = [.. Cells(0.4), .. Cells(2)];
        var inside = torch.arange(10).lt(5).unsqueeze(0);

        Assert.Equal(Wide.TakenOut(Cells(0.4), 0), Wide.Of(torch.tensor(two).unsqueeze(0), inside, 0).TakenOut.item<float>(), 1e-6);
        // Where nothing is inside, all cells tell: the fifth of ten.
        Assert.Equal(Wide.TakenOut(two, 0), Wide.Of(torch.tensor(two).unsqueeze(0), torch.zeros_like(inside), 0).TakenOut.item<float>(), 1e-6);
    }

    [Fact]
    public void An_image_that_is_far_away_everywhere_is_judged_as_one_that_is_not()
    {
        using var scope = torch.NewDisposeScope();
        var random = new Random(3);
        float[] cells = [.. Enumerable.Range(0, 400).Select(_ => (float)(0.1 + (0.1 * random.NextDouble())))];
        float[] Times(double factor) => [.. cells.Select(c => (float)(c * factor))];
        var scale = ReferenceScale.Measure([cells, cells], [[0.25f]], [0.5f], 4).WithAppearance([cells, cells], 4) with { Noise = 0 };
        Tensor Map(double factor)
        {
            var distances = torch.tensor(Times(factor)).unsqueeze(0);
            return scale.JoinMaps(torch.full_like(distances, 0.25f), distances, 0.5, scale.Appearance!.Of(distances, null, 0).TakenOut.unsqueeze(1));
        }

        // Ten and a hundred times as far: the same, for all beyond the limit is taken out.
        TensorAssert.Close(Map(10), Map(100), 1e-5);
        // Without, the second is farther everywhere.
        Tensor Plain(double factor) => scale.JoinMaps(torch.full(400, 0.25f), torch.tensor(Times(factor)), 0.5);
        Assert.True((Plain(100) - Plain(10)).min().item<float>() > 0.05);
    }

    // An odd number of cells with that median in the logarithm.
    private static float[] Cells(double median) => [.. new[] { -3, -1, 0, 1, 3 }.Select(k => (float)Math.Exp(median + k))];
}
