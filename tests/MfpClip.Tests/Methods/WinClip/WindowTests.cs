using MfpClip.Methods.WinClip;

namespace MfpClip.Tests.Methods.WinClip;

public sealed class WindowTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Windows_slide_in_row_major_order()
    {
        var set = Assert.Single(new SlidingWindows([2]).Windows(2, 3));

        Assert.Equal(2, set.Scale);
        Assert.Equal([[0, 1, 3, 4], [1, 2, 4, 5]], set.Windows.Select(w => w.ToArray()));
    }

    [Theory]
    [InlineData(5, 5, 3, 2)]
    [InlineData(7, 4, 3, 3)]
    public void With_a_stride_every_patch_is_still_covered(int rows, int columns, int scale, int stride)
    {
        var set = Assert.Single(new SlidingWindows([scale], stride).Windows(rows, columns));

        Assert.Equal(Enumerable.Range(0, rows * columns), set.Windows.SelectMany(w => w).Distinct().Order());
    }

    [Fact]
    public void A_window_larger_than_the_grid_is_refused() =>
        Assert.Contains("3 x 3", Assert.Throws<ArgumentException>(() => new SlidingWindows([3]).Windows(2, 9)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_harmonic_mean_is_that_of_the_windows_over_a_patch()
    {
        // Patch 0 lies in the first window only, patch 1 in both, patch 2 in the second, patch 3 in none.
        var scores = torch.tensor(new[] { 0.2f, 0.6f }, [1, 2]);
        var windows = torch.tensor(new long[] { 0, 1, 1, 2 }, [2, 2]);

        TensorAssert.Values([0.2, 2 / ((1 / 0.2) + (1 / 0.6)), 0.6, 0], new WindowAggregator(WindowAggregation.Harmonic).Spread(scores, windows, 4));
        TensorAssert.Values([0.2, 0.4, 0.6, 0], new WindowAggregator(WindowAggregation.Arithmetic).Spread(scores, windows, 4));
    }

    [Fact]
    public void A_window_that_is_surely_normal_silences_its_own_patches_only()
    {
        var scores = torch.tensor(new[] { 0f, 0.6f }, [1, 2]);
        var windows = torch.tensor(new long[] { 0, 1, 2, 3 }, [2, 2]);

        TensorAssert.Values([0, 0, 0.6, 0.6], new WindowAggregator(WindowAggregation.Harmonic).Spread(scores, windows, 4));
    }

    [Fact]
    public void Scales_and_the_image_score_are_joined_by_the_same_mean()
    {
        var image = torch.tensor(new[] { 0.5f });
        var scales = new[] { torch.tensor(new[] { 0.25f, 0f }, [1, 2]), torch.tensor(new[] { 1f, 1f }, [1, 2]) };

        TensorAssert.Values([3 / (2.0 + 4 + 1), 0], new WindowAggregator(WindowAggregation.Harmonic).Fuse(image, scales));
        TensorAssert.Values([1.75 / 3, 1.5 / 3], new WindowAggregator(WindowAggregation.Arithmetic).Fuse(image, scales));
        TensorAssert.Values([0.625, 0.5], new WindowAggregator(WindowAggregation.Harmonic).FuseAssociations(scales));
    }

    [Fact]
    public void The_state_score_is_a_softmax_of_the_cosine_over_the_temperature()
    {
        var texts = torch.eye(2, 3, dtype: ScalarType.Float32);
        var embeddings = torch.tensor(new[] { 3f, 4f, 0f, 0f, 2f, 0f }, [2, 3]); // cosines (0.6, 0.8) and (0, 1)

        TensorAssert.Values(
            [1 / (1 + Math.Exp(-0.2 / 0.5)), 1 / (1 + Math.Exp(-1 / 0.5))], new TemperatureScorer(0.5).Score(embeddings, texts));
    }
}
