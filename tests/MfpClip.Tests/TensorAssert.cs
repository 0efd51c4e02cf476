namespace MfpClip.Tests;

/// <summary>Compares tensors by shape and value and says where they differ most.</summary>
internal static class TensorAssert
{
    public static void Close(Tensor expected, Tensor actual, double tolerance = 1e-6)
    {
        Assert.Equal(expected.shape, actual.shape);
        using var scope = torch.NewDisposeScope();
        var difference = (expected.to_type(ScalarType.Float64) - actual.to_type(ScalarType.Float64)).abs();
        var worst = difference.max().item<double>();
        Assert.True(worst <= tolerance, $"differs by {worst:g4} (tolerance {tolerance:g2}) at flat index {difference.argmax().item<long>()}");
    }

    public static void Values(IReadOnlyList<double> expected, Tensor actual, double tolerance = 1e-6)
    {
        using var scope = torch.NewDisposeScope();
        Close(torch.tensor(expected.ToArray()).view(actual.shape), actual, tolerance);
    }

    public static void Differs(Tensor a, Tensor b, double atLeast = 1e-4)
    {
        using var scope = torch.NewDisposeScope();
        Assert.Equal(a.shape, b.shape);
        var worst = (a - b).abs().max().item<float>();
        Assert.True(worst >= atLeast, $"equal within {worst:g4}, but at least {atLeast:g2} of difference was expected");
    }
}
