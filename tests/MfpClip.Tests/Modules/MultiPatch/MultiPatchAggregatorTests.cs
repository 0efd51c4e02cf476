using MfpClip.Modules.MultiPatch;
using MfpClip.Tests.Backbones;

namespace MfpClip.Tests.Modules.MultiPatch;

public sealed class MultiPatchAggregatorTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly FakeBackbone _clip = new();

    public void Dispose()
    {
        _clip.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Three_by_three_averages_what_exists()
    {
        using var module = MultiPatchAggregator.Create(new() { Neighbourhood = 3 }, Sizes.Small);
        var grid = torch.tensor(new float[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, [1, 1, 3, 3]);

        // Corner 1 sees 1 2 4 5, edge 2 sees 1 2 3 4 5 6, the middle sees all.
        TensorAssert.Values([3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7], module.Aggregate(grid));
    }

    [Fact]
    public void A_neighbourhood_beyond_the_grid_is_its_mean()
    {
        using var module = MultiPatchAggregator.Create(new() { Neighbourhood = 5 }, Sizes.Small);
        var grid = torch.tensor(new float[] { 1, 2, 3, 6 }, [1, 1, 2, 2]);

        TensorAssert.Values([3, 3, 3, 3], module.Aggregate(grid));
    }

    [Fact]
    public void One_is_the_identity_under_a_fresh_handle()
    {
        using var module = MultiPatchAggregator.Create(new() { Neighbourhood = 1 }, Sizes.Small);
        var grid = FakeBackbone.Values(1, ScalarType.Float32, 2, 3, 4, 5);

        var same = module.Aggregate(grid);

        TensorAssert.Close(grid, same, 0);
        same.Dispose();
        Assert.False(grid.IsInvalid);
    }

    [Fact]
    public void Linear_projects_each_stage_and_lays_patches_on_the_grid_row_by_row()
    {
        using var module = MultiPatchAggregator.Create(new(), Sizes.Small);
        Assert.Equal(
            Enumerable.Range(1, 4).SelectMany(i => new[] { $"linear{i}.weight", $"linear{i}.bias" }), module.Names());
        using (torch.no_grad())
        {
            module.Get("linear2.weight").zero_()[1, 0] = 2; // C1 = 2 D0 + 0.5
            module.Get("linear2.bias").zero_()[1] = 0.5f;
        }

        var tokens = torch.zeros(1, 6, FakeBackbone.VisionWidth);
        tokens[0, 1, 0] = 1;
        tokens[0, 5, 0] = 3;
        var z = module.Project(2, tokens, rows: 2, columns: 3, _clip.Vision);

        Assert.Equal([1, FakeBackbone.EmbedDim, 2, 3], z.shape);
        TensorAssert.Values([0.5, 2.5, 0.5, 0.5, 0.5, 6.5], z[0, 1]);
        TensorAssert.Values([0, 0, 0, 0, 0, 0], z[0, 0]);
        TensorAssert.Differs(z, module.Project(3, tokens, 2, 3, _clip.Vision));
    }

    [Fact]
    public void Clip_projection_uses_the_towers_own_and_trains_nothing()
    {
        using var module = MultiPatchAggregator.Create(new() { Projection = PatchProjection.Clip }, Sizes.Small);
        var tokens = FakeBackbone.Values(5, ScalarType.Float32, 2, 6, FakeBackbone.VisionWidth);

        var z = module.Project(1, tokens, 2, 3, _clip.Vision);

        Assert.Empty(module.Weights);
        TensorAssert.Close(_clip.Vision.Project(tokens)[1, 4], z[1].select(1, 1).select(1, 1), 1e-6);
    }

    [Fact]
    public void Gradients_agree_with_difference_quotients()
    {
        using var module = MultiPatchAggregator.Create(new(), Sizes.Small with { Stages = 1 });
        module.To(torch.CPU, ScalarType.Float64);
        var tokens = FakeBackbone.Values(5, ScalarType.Float32, 2, 6, FakeBackbone.VisionWidth);

        GradientCheck.Agrees(
            module.Weights, () => module.Aggregate(module.Project(1, tokens, 2, 3, _clip.Vision)).pow(2).sum());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-3)]
    public void Even_or_empty_neighbourhoods_are_refused(int n) =>
        Assert.Throws<DetectorConfigurationException>(() => MultiPatchAggregator.Create(new() { Neighbourhood = n }, Sizes.Small));
}
