using CsCheck;
using MfpClip.References;

namespace MfpClip.Tests.References;

/// <summary>The parts of the memory bank by closed forms.</summary>
public class MemoryTests
{
    [Fact]
    public void The_coreset_takes_the_farthest_next_and_every_prefix_is_a_coreset()
    {
        using var scope = torch.NewDisposeScope();
        // Five places on a line: the mean is 4, the farthest from it is 10; then 0; then 5 (4 away from 1, 5 from 10 and 0); then 1 and 4 tie at 1.
        var line = torch.tensor(new float[] { 0, 1, 4, 5, 10 }).view(5, 1);

        Assert.Equal([4, 0, 3], GreedyCoreset.Order(line, 3, 1));
        Assert.Equal([0, 1, 2, 3, 4], GreedyCoreset.Order(line, 5, 1).Order());
        Assert.Equal([4, 0, 3], GreedyCoreset.Order(line, 5, 1)[..3]);
    }

    [Fact]
    public void Equal_tokens_are_each_chosen_once() =>
        Assert.Equal([0, 1, 2, 3], GreedyCoreset.Order(torch.ones(4, 3), 4, 1).Order());

    [Fact]
    public void The_random_projection_keeps_clusters_apart()
    {
        using var scope = torch.NewDisposeScope();
        // Ten clusters in 500 dimensions: ten choices take one of each.
        var random = new Random(4);
        var tokens = torch.zeros(100, 500);
        for (int i = 0; i < 100; i++)
        {
            tokens[i, (i % 10) * 50] = torch.tensor(10f);
            tokens[i, random.Next(500)] += torch.tensor(0.5f);
        }

        Assert.Equal(10, GreedyCoreset.Order(tokens, 10, 1).Select(o => o % 10).Distinct().Count());
    }

    [Fact]
    public void Distances_in_blocks_are_those_of_every_pair()
    {
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 1000]).Sample((n, m, seed) =>
        {
            using var scope = torch.NewDisposeScope();
            var random = new Random(seed);
            Tensor Unit(int rows) =>
                F.normalize(torch.tensor(Enumerable.Range(0, rows * 6).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray(), [rows, 6]), p: 2, dim: 1);
            var (q, memory) = (Unit(n), Unit(m));
            TensorAssert.Close(1 - torch.matmul(q, memory.t()).amax([1]), NearestNeighbours.Distances(q, memory), 1e-6);
        }, iter: 50);
    }

    [Theory]
    [InlineData(new[] { 0, 1 }, new[] { 1, 0 }, 0.8)] // the same tokens: nothing is far from the other image
    [InlineData(new[] { 0, 0 }, new[] { 1, 1 }, 0)] // nothing in common: 1 - 1 / 0.5, and no less than 0
    // left out, half the tokens lie at 0 and half at 1; the mean of all is (2, 1, 1) / 4, any two are 1 - 6 / 16 apart: 0.8 (1 - 0.5 / 0.625)
    [InlineData(new[] { 0, 1 }, new[] { 0, 2 }, 0.16)]
    public void The_weight_is_what_the_references_explain_of_one_another(int[] first, int[] second, double expected)
    {
        using var scope = torch.NewDisposeScope();
        ReferenceEntry Entry(string id, int[] axes) =>
            new(id, id, 10, 10, 1, 2, torch.eye(3).index_select(0, torch.tensor(axes.Select(a => (long)a).ToArray())).clone(), [0, 1], [0.1f, 0.1f], 0.1f);
        using var a = Entry("a", first);
        using var b = Entry("b", second);
        var all = new ReferenceOptions { CoresetRatio = 1, Join = ReferenceJoin.Fixed };
        using var told = new MemoryBank(StoredReferences.Scheme, [a, b], all, torch.CPU, []);
        using var asked = new MemoryBank(StoredReferences.Scheme, [a, b], all with { Weight = 0.3 }, torch.CPU, []);
        using var one = new MemoryBank(StoredReferences.Scheme, [a], all, torch.CPU, []);

        Assert.Equal(expected, told.Summary.Weight, 1e-6);
        Assert.Equal(0.3, asked.Summary.Weight);
        Assert.Equal(0.5, one.Summary.Weight);
    }

    [Fact]
    public void Joined_vectors_are_unit_and_their_product_is_the_mean_cosine_of_the_stages()
    {
        using var scope = torch.NewDisposeScope();
        // One cell; the stages' angles between both images are 0 and 90 degrees: the mean cosine is one half.
        var a = PatchFeatures.Join([torch.tensor(new float[] { 3, 0 }).view(1, 2, 1, 1), torch.tensor(new float[] { 0, 0, 7 }).view(1, 3, 1, 1)], 1);
        var b = PatchFeatures.Join([torch.tensor(new float[] { 5, 0 }).view(1, 2, 1, 1), torch.tensor(new float[] { 2, 0, 0 }).view(1, 3, 1, 1)], 1);

        Assert.Equal(1f, a.Vectors.square().sum().item<float>(), 1e-6f);
        Assert.Equal(0.5f, (a.Vectors * b.Vectors).sum().item<float>(), 1e-6f);
    }

    [Fact]
    public void The_neighbourhood_averages_what_exists_and_coarse_stages_are_brought_to_the_finest_grid()
    {
        using var scope = torch.NewDisposeScope();
        // Two channels; the corner of a 2 x 2 grid sees all four cells: (1 + 0 + 0 + 0) / 4 and (0 + 1 + 1 + 1) / 4, direction (1, 3).
        var fine = torch.tensor(new float[] { 1, 0, 0, 0, 0, 1, 1, 1 }).view(1, 2, 2, 2);
        var (vectors, rows, columns) = PatchFeatures.Join([fine, torch.ones(1, 1, 1, 1)], 3);

        Assert.Equal((2, 2), (rows, columns));
        var expected = new[] { 1 / Math.Sqrt(10) / Math.Sqrt(2), 3 / Math.Sqrt(10) / Math.Sqrt(2), 1 / Math.Sqrt(2) };
        Assert.Equal(expected, vectors[0, 0].data<float>().ToArray().Select(v => (double)v), (x, y) => Math.Abs(x - y) < 1e-6);
    }

    [Fact]
    public void Scales_come_from_good_images_and_levels_are_multiples_of_them()
    {
        using var scope = torch.NewDisposeScope();
        // 1000 distances 0.001 ... 1: mean 0.5005, 99.5 % lie at or below 0.995. The method's map is constant, its score 0.5 and 0.5.
        var distances = Enumerable.Range(1, 1000).Select(i => i / 1000f).ToArray();
        var scale = ReferenceScale.Measure([distances[..500], distances[500..]], [[0.25f], [0.25f]], [0.5f, 0.5f], 2);

        Assert.Equal(0.5005, scale.DistanceCenter, 1e-6);
        Assert.Equal(0.995, scale.DistanceLimit, 1e-6);
        Assert.Equal((0.4995 + 0.9995) / 2, scale.TopDistance, 1e-6);
        // The distances alone, 0.001 added to each: the limit gives 1/2; e times that, y = 2 ln e = 2: (1 + 2/3) / 2; e times less: (1 - 2/3) / 2.
        double middle = 0.996;
        var far = torch.tensor(new[] { (float)(middle - 0.001), (float)((middle * Math.E) - 0.001), (float)((middle / Math.E) - 0.001) });
        TensorAssert.Close(torch.tensor(new[] { 0.5f, 5 / 6f, 1 / 6f }), scale.JoinMaps(torch.full(3, 0.25f), far, 1), 1e-5);
        // The map alone: normal images reach 1/4, odds of 1 to 3.
        TensorAssert.Close(torch.tensor(new[] { 0.5f }), scale.JoinMaps(torch.full(1, 0.25f), torch.zeros(1), 0), 1e-5);
        // Both: odds e times as high and a distance e times as low cancel out.
        double odds = Math.E / 3;
        TensorAssert.Close(torch.tensor(new[] { 0.5f }), scale.JoinMaps(torch.full(1, (float)(odds / (1 + odds))), far[2..], 0.5), 1e-5);
        // The score alone: usual odds 1, 1.5 times as much is 3 to 2.
        TensorAssert.Close(torch.tensor(new[] { 0.5f }), scale.JoinScores(torch.tensor(new[] { 0.6f }), torch.zeros(1), 0), 1e-5);
    }

    [Fact]
    public void References_that_explain_nothing_leave_the_order_of_the_map_alone()
    {
        // Equal distances everywhere: the joint map is a rising function of the method's own.
        using var scope = torch.NewDisposeScope();
        var scale = new ReferenceScale(0.5, 0.5, 0.4, 0.5, 0);
        var own = torch.rand(200);
        Assert.Equal(own.argsort().data<long>().ToArray(), scale.JoinMaps(own, torch.full(200, 0.5f), 0.5).argsort().data<long>().ToArray());
    }

    [Fact]
    public void Joining_rises_in_both_and_never_saturates()
    {
        var scale = new ReferenceScale(0.1, 0.2, 0.4, 0.15, 0);
        Gen.Select(Gen.Float[0, 0.5f], Gen.Float[0, 2], Gen.Float[0.01f, 0.5f]).Sample((map, distance, more) =>
        {
            using var scope = torch.NewDisposeScope();
            float Join(float m, float d) => scale.JoinMaps(torch.tensor(m), torch.tensor(d), 0.5).item<float>();
            float at = Join(map, distance);
            return at is > 0 and < 1 && Join(map + more, distance) > at && Join(map, distance + more) > at;
        }, iter: 200);
    }
}
