using MfpClip.Modules.Scoring;
using MfpClip.Tests.Backbones;

namespace MfpClip.Tests.Modules.Scoring;

/// <summary>Single passes over maps against their formulas.</summary>
public class FusedScoringTests
{
    [SkippableTheory]
    [InlineData(1, 40, 33, 4)]
    [InlineData(3, 7, 70, 2.5)]
    [InlineData(1, 3, 2, 1)]
    public void Smoothing_is_a_convolution_with_a_gaussian_cut_at_four_sigma(int images, int height, int width, double sigma)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var map = FakeBackbone.Values(1, ScalarType.Float32, images, height, width);
        Skip.IfNot(FusedSmoothing.Serves(map), "This processor has no AVX-512; matrix products serve.");

        float[] actual = FusedSmoothing.Apply(map, sigma).data<float>().ToArray();

        float[] values = map.data<float>().ToArray();
        int radius = (int)((4 * sigma) + 0.5);
        double[] weights = [.. Enumerable.Range(-radius, (2 * radius) + 1).Select(i => Math.Exp(-i * i / (2 * sigma * sigma)))];
        double sum = weights.Sum();
        for (int i = 0; i < actual.Length; i++)
        {
            int x = i % width, y = i / width % height, image = i / width / height;
            double expected = 0;
            for (int k = -radius; k <= radius; k++)
            {
                for (int j = -radius; j <= radius; j++)
                {
                    expected += weights[k + radius] * weights[j + radius] / sum / sum
                        * values[(((image * height) + Inside(y + k, height)) * width) + Inside(x + j, width)];
                }
            }

            Assert.Equal(expected, actual[i], 1e-6);
        }
    }

    [Fact]
    public void The_mean_of_the_highest_values_is_that_of_the_sorted_ones()
    {
        var random = new Random(3);
        foreach (int count in new[] { 1, 2, 100, 1000, 4000 })
        {
            // Many ties, both signs, and values that differ in their last bits alone.
            float[] values = [.. Enumerable.Range(0, 4000).Select(i => i % 3 == 0 ? (float)(random.Next(-9, 10) / 8.0) : 1 + (random.Next(50) * 1.2e-7f))];
            Assert.Equal(values.OrderDescending().Take(count).Average(v => (double)v), TopValues.Mean(values, count), 1e-6);
        }
    }

    [Fact]
    public void A_value_that_is_no_number_is_not_lost() => Assert.True(float.IsNaN(TopValues.Mean([0.1f, float.NaN, 0.3f], 1)));

    // d c b a | a b c d | d c b a
    private static int Inside(int place, int n)
    {
        while (place < 0 || place >= n)
        {
            place = place < 0 ? -1 - place : (2 * n) - 1 - place;
        }

        return place;
    }
}
