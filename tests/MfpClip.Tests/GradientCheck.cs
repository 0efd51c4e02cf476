namespace MfpClip.Tests;

/// <summary>Compares gradients with central differences, in float64.</summary>
internal static class GradientCheck
{
    /// <param name="weights">float64 leaves; each value of each is checked, at most <paramref name="perTensor"/> of them spread evenly.</param>
    /// <param name="loss">Scalar function of the weights.</param>
    /// <param name="perTensor">Values checked of each tensor.</param>
    public static void Agrees(IReadOnlyList<KeyValuePair<string, Tensor>> weights, Func<Tensor> loss, int perTensor = 6)
    {
        const double step = 1e-6;
        Assert.NotEmpty(weights);
        using var scope = torch.NewDisposeScope();
        foreach (var (_, w) in weights)
        {
            Assert.Equal(ScalarType.Float64, w.dtype);
            w.requires_grad_(true);
        }

        loss().backward();
        foreach (var (name, w) in weights)
        {
            var gradient = w.grad;
            Assert.True(gradient is not null, $"no gradient reaches {name}");
            var flat = w.detach().view(-1); // shares memory with the leaf
            var count = flat.numel();
            var anyNonZero = false;
            for (var j = 0; j < Math.Min(perTensor, count); j++)
            {
                var i = j * count / Math.Min(perTensor, count);
                using var guard = torch.no_grad();
                var value = flat[i].item<double>();
                flat[i] = value + step;
                var up = loss().item<double>();
                flat[i] = value - step;
                var down = loss().item<double>();
                flat[i] = value;
                var numeric = (up - down) / (2 * step);
                var analytic = gradient!.view(-1)[i].item<double>();
                anyNonZero |= Math.Abs(analytic) > 1e-9;
                Assert.True(
                    Math.Abs(numeric - analytic) <= 1e-6 + (1e-4 * Math.Abs(numeric)),
                    $"{name}[{i}]: gradient {analytic:g6}, difference quotient {numeric:g6}");
            }

            Assert.True(anyNonZero, $"the gradient of {name} is zero everywhere it was checked");
        }
    }
}
