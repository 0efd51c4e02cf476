using CsCheck;
using MfpClip.Kernels;
using MfpClip.References;

namespace MfpClip.Tests.References;

/// <summary>Nearest neighbours and the forms of the greedy coreset, by every pair and by closed forms.</summary>
public class NeighbourTests
{
    [Fact]
    public void The_nearest_are_those_of_every_pair()
    {
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 9], Gen.Int[1, 1000]).Sample((n, m, k, seed) =>
        {
            using var scope = torch.NewDisposeScope();
            var (q, memory) = (Points(n, 5, seed), Points(m, 5, seed + 1));
            k = Math.Min(k, m);
            var (squared, rows) = NearestNeighbours.Find(q, memory, k);
            var all = (q.unsqueeze(1) - memory.unsqueeze(0)).square().sum(2);

            TensorAssert.Close(all.topk(k, dim: 1, largest: false, sorted: true).values, squared, 1e-6);
            TensorAssert.Close(all.gather(1, rows), squared, 1e-6);
        }, iter: 50);
    }

    [Fact]
    public void A_memory_of_several_blocks_is_searched_whole()
    {
        using var scope = torch.NewDisposeScope();
        // A grid of 260 x 260 points: 67,600 rows, more than a block of 65,536.
        var side = torch.arange(260, dtype: ScalarType.Float32);
        var memory = torch.stack([side.repeat_interleave(260), side.repeat(260)], 1);
        var (squared, rows) = NearestNeighbours.Find(torch.tensor(new float[,] { { 259, 259 }, { 0, 0.25f }, { 252.25f, 7 } }), memory, 2);

        TensorAssert.Values([67599, 0, (252 * 260) + 7], rows.select(1, 0), 0);
        TensorAssert.Values([0, 1, 0.0625, 0.5625, 0.0625, 0.5625], squared, 1e-6);
    }

    [Theory]
    [InlineData(NeighbourDistance.SquaredEuclidean, 5)]
    [InlineData(NeighbourDistance.Euclidean, 2.2360679)] // root of the mean of the squares
    [InlineData(NeighbourDistance.Cosine, 2.5)]
    public void Several_neighbours_count_by_the_mean_of_their_squared_distances(NeighbourDistance distance, double expected)
    {
        using var scope = torch.NewDisposeScope();
        var found = NearestNeighbours.Find(torch.zeros(1, 1), torch.tensor(new float[] { 1, 3, 10 }).view(3, 1), 2);

        Assert.Equal(expected, found.Mean(distance).item<float>(), 1e-6);
    }

    [Fact]
    public void Small_distances_of_long_vectors_are_exact()
    {
        using var scope = torch.NewDisposeScope();
        var memory = torch.full([1, 100], 1000f);

        Assert.Equal(0.25, NearestNeighbours.Find(memory + 0.05f, memory).Squared.item<float>(), 0.01);
    }

    [Fact]
    public void Each_form_of_the_coreset_starts_where_it_says()
    {
        using var scope = torch.NewDisposeScope();
        var line = torch.tensor(new float[] { 0, 1, 4, 5, 10 }).view(5, 1);

        // Mean distance to 0 and 1: 0.5, 0.5, 3.5, 4.5, 9.5. Of the others it is also how far they count as at most: 0 and 1 are next after 4 (1 away).
        Assert.Equal([4, 3, 2], GreedyCoreset.Approximate(line, 3, [0, 1]));
        Assert.Equal([0, 1, 2, 3, 4], GreedyCoreset.Approximate(line, 5, [0, 4]).Order());
        // Distances to all are longest for 10.
        Assert.Equal([4, 0, 3], GreedyCoreset.Exact(line, 3));
        Assert.Equal([2, 4, 0, 1, 3], GreedyCoreset.KCenter(line, 5, 2));
    }

    [Fact]
    public void Equal_tokens_are_each_chosen_once_in_every_form()
    {
        using var scope = torch.NewDisposeScope();
        var equal = torch.ones(4, 3);

        Assert.Equal([0, 1, 2, 3], GreedyCoreset.Approximate(equal, 4, [1]).Order());
        Assert.Equal([0, 1, 2, 3], GreedyCoreset.Exact(equal, 4).Order());
        Assert.Equal([0, 1, 2, 3], GreedyCoreset.KCenter(equal, 4, 3).Order());
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public void An_image_is_compared_with_all_of_itself_but_the_place(int neighbourhood, bool fused)
    {
        using var scope = torch.NewDisposeScope();
        const int rows = 5, columns = 6;
        // Each cell twice, as tiles that overlap store it, then a turned copy, whose tokens are at no place.
        int[] cells = [.. Enumerable.Range(0, 30), .. Enumerable.Range(0, 30).Reverse(), .. Enumerable.Repeat(30, 12)];
        var tokens = F.normalize(Points(cells.Length, 8, 3) - 0.5, dim: 1);
        using var entry = new ReferenceEntry("id", "name", 60, 50, rows, columns, tokens.alias(), cells, [], 0);
        using var search = fused && TokenSearch.Serves(tokens) ? new TokenSearch(tokens) : null;

        float[] found = NearPlaces.Distances(tokens.narrow(0, 0, 30), cells[..30], entry, tokens, search, neighbourhood, default).data<float>().ToArray();

        float[] all = tokens.data<float>().ToArray();
        Assert.All(Enumerable.Range(0, 30), q => Assert.Equal(1 - Enumerable.Range(0, cells.Length).Where(t => cells[t] == 30 || !Near(q, cells[t]))
            .Max(t => Enumerable.Range(0, 8).Sum(d => all[(q * 8) + d] * all[(t * 8) + d])), found[q], 1e-5f));

        bool Near(int a, int b) => Math.Abs((a / columns) - (b / columns)) <= neighbourhood && Math.Abs((a % columns) - (b % columns)) <= neighbourhood;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_image_of_one_place_is_as_far_from_itself_as_can_be(bool fused)
    {
        using var scope = torch.NewDisposeScope();
        var tokens = F.normalize(Points(4, 8, 3), dim: 1);
        using var entry = new ReferenceEntry("id", "name", 20, 20, 2, 2, tokens.alias(), [0, 1, 2, 3], [], 0);
        using var search = fused && TokenSearch.Serves(tokens) ? new TokenSearch(tokens) : null;

        TensorAssert.Values([2, 2, 2, 2], NearPlaces.Distances(tokens, [0, 1, 2, 3], entry, tokens, search, 1, default), 0);
    }

    private static Tensor Points(int rows, int width, int seed)
    {
        var random = new Random(seed);
        return torch.tensor(Enumerable.Range(0, rows * width).Select(_ => (float)random.NextDouble()).ToArray(), [rows, width]);
    }
}
