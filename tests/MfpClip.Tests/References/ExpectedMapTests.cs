using MfpClip.Data;
using MfpClip.Execution;
using MfpClip.References;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.References;

/// <summary>What a method's own map says of like cells of the references, by closed forms.</summary>
public class ExpectedMapTests
{
    [Fact]
    public void A_part_of_what_the_map_says_of_the_nearest_normal_cells_is_taken_out()
    {
        using var scope = torch.NewDisposeScope();
        // Five cells of each of two kinds, on which the map gives logits of 0 and 2, on the other reference 1 and 3.
        using var a = Entry("a", 0, 2);
        using var b = Entry("b", 1, 3);
        var options = new ReferenceOptions { CoresetRatio = 1 };
        using var model = new NeighbourModel([a, b], options, torch.CPU);
        using var expected = new ExpectedMap(model, [a, b], options);

        var left = expected.LeftOut(CancellationToken.None);

        // Left out, a's are expected at 1 and 3, b's at 0 and 2: 1.5 in the mean. Three tenths of what is more or less than that go.
        Assert.Equal(1.5, expected.Mean, 1e-5);
        Assert.Equal([0.15f, 1.55f], [left[0][0], left[0][9]], (x, y) => Math.Abs(x - y) < 1e-5);
        Assert.Equal([1.45f, 2.85f], [left[1][0], left[1][9]], (x, y) => Math.Abs(x - y) < 1e-5);

        // A cell half way to the first kind of a: its cosine is 1 / sqrt 2.
        var (distances, logits) = expected.Compare(
            torch.tensor(new float[] { 1, 0, 1 }).div(Math.Sqrt(2)).view(1, 1, 3), [b], ForwardContext.Default);
        Assert.Equal(1 - (1 / Math.Sqrt(2)), distances.item<float>(), 1e-5);
        Assert.Equal(0, logits.item<float>(), 1e-5);
        Assert.Equal(0.45, expected.TakeOut(torch.tensor(0.5f), logits).logit().item<float>(), 1e-5);
    }

    [Fact]
    public void One_reference_lets_expect_nothing_and_fixed_units_take_nothing_out()
    {
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3)
            .WithoutImageToTextPrompt().WithoutSelfPrompt().WithImageSize(112).Build();
        using var one = detector.WithReferences([Part(1)]);
        using var two = detector.WithReferences([Part(1), Part(2)]);
        using var plain = detector.WithReferences([Part(1), Part(2)], new() { Join = ReferenceJoin.Fixed });

        Assert.Null(Bank(one).Expected);
        Assert.NotNull(Bank(two).Expected);
        Assert.Null(Bank(plain).Expected);
        Assert.Null(Bank(plain).Scale.Appearance);
        Assert.NotEqual(two.Description.Stages.Single(s => s.Id == "references").Settings, plain.Description.Stages.Single(s => s.Id == "references").Settings);
    }

    private static MemoryBank Bank(ZeroShotDetector detector) => ((ReferencedPass)detector.Pass).Bank;

    private static ImageInput Part(int seed) => ImageInput.FromPixels(ProceduralDataSet.Render("tile", seed, null, 128).Image, $"part {seed}");

    private static ReferenceEntry Entry(string id, double first, double second)
    {
        var tokens = torch.cat([torch.eye(3)[0].expand(5, 3), torch.eye(3)[1].expand(5, 3)], 0).clone().DetachFromDisposeScope();
        float[] map = [.. Enumerable.Range(0, 10).Select(i => (float)(1 / (1 + Math.Exp(-(i < 5 ? first : second)))))];
        return new(id, id, 80, 8, 1, 10, tokens, [.. Enumerable.Range(0, 10)], map, 0.5f);
    }
}
