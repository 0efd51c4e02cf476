using CsCheck;
using MfpClip.References;

namespace MfpClip.Tests.References;

public class StreamedCoresetTests
{
    [Fact]
    public void It_covers_the_tokens_about_as_well_as_the_greedy_coreset_of_all_and_never_holds_more_than_its_bound()
    {
        // Greedy k-centre on all tokens is within twice the best radius (Gonzalez 1985); the stream may lose as much again. In 8,000 draws it lost 1.81.
        Gen.Select(Gen.Int[4, 30], Gen.Int[2, 25], Gen.Int[1, 60], Gen.Int[1, 12], Gen.Int[1, 100000]).Sample((rows, images, tokens, width, seed) =>
        {
            using var scope = torch.NewDisposeScope();
            var random = new Random(seed);
            int most = rows + 1 + random.Next(2 * rows);
            using var streamed = new StreamedCoreset(rows, most, seed);
            var all = new List<Tensor>();
            for (int i = 0; i < images; i++)
            {
                // Images differ in their middle, as products of several kinds do.
                double middle = 5 * random.Next(3);
                var image = torch.tensor(
                    Enumerable.Range(0, tokens * width).Select(_ => (float)(middle + random.NextDouble())).ToArray(), [tokens, width]);
                all.Add(image);
                streamed.Add(image, i);
                Assert.InRange(streamed.Count, 1, most);
            }

            var (stored, sources) = streamed.Take();
            var whole = torch.cat(all, 0);
            int count = (int)Math.Min(rows, whole.shape[0]);
            var greedy = whole.index_select(0, torch.tensor(GreedyCoreset.Order(whole, count, seed).Select(i => (long)i).ToArray()));
            double radius = Radius(whole, stored), best = Radius(whole, greedy);

            Assert.InRange(stored.shape[0], 1, rows);
            Assert.True(radius <= (2 * best) + 1e-4, $"{radius:g4} against {best:g4} of all tokens ({rows} of {whole.shape[0]}, at most {most})");
            Assert.True(radius <= streamed.CoveringRadius + 1e-5, $"{radius:g4}, but {streamed.CoveringRadius:g4} was promised");
            for (int i = 0; i < sources.Count; i++)
            {
                Assert.True((all[sources[i]] - stored[i]).abs().amax([1]).min().item<float>() == 0, $"row {i} is not of image {sources[i]}");
            }
        }, iter: 60);
    }

    [Fact]
    public void What_fits_is_stored_whole()
    {
        using var scope = torch.NewDisposeScope();
        using var streamed = new StreamedCoreset(10, 20);
        var tokens = torch.arange(8, dtype: ScalarType.Float32).view(8, 1);
        streamed.Add(tokens.narrow(0, 0, 3), 4);
        streamed.Add(tokens.narrow(0, 3, 5), 7);

        var (rows, images) = streamed.Take();

        TensorAssert.Close(tokens, rows, 0);
        Assert.Equal([4, 4, 4, 7, 7, 7, 7, 7], images);
        Assert.Equal(0, streamed.CoveringRadius);
        Assert.Equal(0, streamed.Reductions);
    }

    [Fact]
    public void The_same_image_twice_adds_nothing()
    {
        using var scope = torch.NewDisposeScope();
        using var streamed = new StreamedCoreset(50, 100);
        var tokens = torch.arange(12, dtype: ScalarType.Float32).view(6, 2);
        streamed.Add(tokens, 0);
        streamed.Add(tokens, 1);

        Assert.Equal(6, streamed.Count);
    }

    [Fact]
    public void Unusable_tokens_are_refused_and_change_nothing()
    {
        using var scope = torch.NewDisposeScope();
        using var streamed = new StreamedCoreset(4, 8);
        streamed.Add(torch.ones(2, 3) * torch.tensor(new float[] { 1, 2 }).view(2, 1), 0);

        Assert.Contains("3", Assert.Throws<ReferenceException>(() => streamed.Add(torch.ones(2, 5), 1)).Message, StringComparison.Ordinal);
        Assert.Contains("not finite",
            Assert.Throws<ReferenceException>(() => streamed.Add(torch.full([2, 3], float.NaN), 1)).Message, StringComparison.Ordinal);
        Assert.Equal(2, streamed.Count);
        using var empty = new StreamedCoreset(4, 8);
        Assert.Throws<ReferenceException>(() => empty.Take());
    }

    [Fact]
    public void A_stopped_stream_keeps_what_it_has_and_can_continue()
    {
        using var scope = torch.NewDisposeScope();
        using var streamed = new StreamedCoreset(4, 8);
        streamed.Add(torch.eye(3), 0);
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        Assert.Throws<OperationCanceledException>(() => streamed.Add(torch.eye(3) * 2, 1, stop.Token));
        Assert.Equal(3, streamed.Count);
        streamed.Add(torch.eye(3) * 2, 1);
        Assert.Equal(6, streamed.Count);
    }

    [Fact]
    public void A_saved_stream_continues_as_if_it_had_not_been_stopped()
    {
        using var scope = torch.NewDisposeScope();
        var random = new Random(3);
        var images = Enumerable.Range(0, 12)
            .Select(_ => torch.tensor(Enumerable.Range(0, 60).Select(_ => (float)random.NextDouble()).ToArray(), [20, 3])).ToList();
        using var whole = new StreamedCoreset(15, 40, 1);
        using var resumed = new StreamedCoreset(15, 40, 1);
        for (int i = 0; i < images.Count; i++)
        {
            whole.Add(images[i], i);
            if (i == 6)
            {
                using var state = whole.Save();
                resumed.Restore(state);
                Assert.True(state.Reductions > 0);
                Assert.Throws<ReferenceException>(() => resumed.Restore(state));
                using var small = new StreamedCoreset(2, 4);
                Assert.Throws<ReferenceException>(() => small.Restore(state));
            }
            else if (i > 6)
            {
                resumed.Add(images[i], i);
            }
        }

        var (expected, actual) = (whole.Take(), resumed.Take());
        TensorAssert.Close(expected.Rows, actual.Rows, 0);
        Assert.Equal(expected.Images, actual.Images);
        Assert.Equal((whole.CoveringRadius, whole.Reductions), (resumed.CoveringRadius, resumed.Reductions));
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        var tokens = torch.arange(600, dtype: ScalarType.Float32).view(200, 3);
        long before = LiveTensors.Settle();
        using (var streamed = new StreamedCoreset(20, 40))
        {
            for (int i = 0; i < 5; i++)
            {
                using var image = tokens * (i + 1);
                streamed.Add(image, i);
            }

            streamed.Take().Rows.Dispose();
        }

        Assert.Equal(before, torch.Tensor.TotalCount);
        tokens.Dispose();
    }

    private static double Radius(Tensor tokens, Tensor rows) =>
        (tokens.unsqueeze(1) - rows.unsqueeze(0)).square().sum(2).amin([1]).max().sqrt().item<float>();
}
