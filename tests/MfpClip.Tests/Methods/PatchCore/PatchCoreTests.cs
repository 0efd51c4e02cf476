using MfpClip.Methods.PatchCore;
using MfpClip.References;

namespace MfpClip.Tests.Methods.PatchCore;

public sealed class PatchCoreTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void The_weight_of_equation_7_falls_with_the_density_about_the_nearest_row()
    {
        // Patch at 0; rows at 1, 2 and 4. Nearest is 1, about it are 1, 2 and 4: 1 - e^1 / (e^1 + e^2 + e^4).
        var (memory, vectors) = (torch.tensor(new float[] { 4, 1, 2 }).view(3, 1), torch.zeros(1, 1, 1));
        var scorer = new PatchCoreScorer(new() { ScoreNeighbours = 3 });
        var (distances, nearest) = scorer.Compare(vectors[0], memory);

        var score = scorer.Score(distances.view(1, 1), nearest.view(1, 1), vectors, memory);

        TensorAssert.Values([1 - (Math.E / (Math.E + Math.Exp(2) + Math.Exp(4)))], score, 1e-6);
        // Fewer rows than neighbours: those that there are.
        TensorAssert.Close(score, new PatchCoreScorer(new()).Score(distances.view(1, 1), nearest.view(1, 1), vectors, memory));
        TensorAssert.Values([1], new PatchCoreScorer(new() { ScoreNeighbours = 1 }).Score(distances.view(1, 1), nearest.view(1, 1), vectors, memory));
    }

    [Theory]
    [InlineData(PatchCoreset.None, 60)]
    [InlineData(PatchCoreset.Exact, 15)]
    [InlineData(PatchCoreset.Approximate, 15)]
    [InlineData(PatchCoreset.KCenter, 15)]
    public void Every_coreset_has_its_size_and_depends_on_the_seed_alone(PatchCoreset coreset, int count)
    {
        var vectors = torch.randn(60, 20);
        var options = new PatchCoreOptions { Coreset = coreset, CoresetFraction = 0.25, ProjectedWidth = 8, Seed = 5 };

        var rows = new PatchCoreSampler(options).Choose(vectors);

        Assert.Equal(count, rows.Distinct().Count());
        Assert.All(rows, r => Assert.InRange(r, 0, 59));
        Assert.Equal(rows, new PatchCoreSampler(options).Choose(vectors));
    }

    [Fact]
    public void A_stride_takes_every_second_neighbourhood()
    {
        var map = torch.arange(36, dtype: ScalarType.Float32).view(1, 1, 6, 6);

        var (patches, rows, columns) = PatchEmbedding.Neighbourhoods(map, 3, 2);

        Assert.Equal((3, 3), (rows, columns));
        Assert.Equal([1L, 9, 1, 3, 3], patches.shape);
        TensorAssert.Values([0, 0, 0, 0, 0, 1, 0, 6, 7], patches[0, 0]); // zeros above and left
        TensorAssert.Values([7, 8, 9, 13, 14, 15, 19, 20, 21], patches[0, 4]);
    }

    [Fact]
    public void What_does_not_fit_the_memory_is_refused()
    {
        var scorer = new PatchCoreScorer(new() { Neighbours = 3 });

        Assert.Contains("2 patches", Assert.Throws<ReferenceException>(() => scorer.Compare(torch.ones(1, 4), torch.ones(2, 4))).Message,
            StringComparison.Ordinal);
        Assert.Contains("5 values", Assert.Throws<ReferenceException>(() => scorer.Compare(torch.ones(1, 4), torch.ones(3, 5))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_name_the_setting()
    {
        Assert.Empty(PatchCoreOptions.AsPublished.Faults());
        Assert.Empty(PatchCoreOptions.AsReleased.Faults());
        Assert.Empty(PatchCoreOptions.AsAnomalib.Faults());
        var faults = (PatchCoreOptions.AsAnomalib with
        {
            Stages = [2, 2], Neighbourhood = 4, Stride = 2, CoresetFraction = 0, ImageScore = (PatchCoreImageScore)9,
        }).Faults().ToList();

        Assert.Equal(5, faults.Count);
        Assert.All(faults, f => Assert.StartsWith("PatchCore: ", f, StringComparison.Ordinal));
    }
}
