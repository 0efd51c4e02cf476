using System.Text.Json;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>A tolerance as the manifests give it: <c>|actual - expected| &lt;= atol + rtol |expected|</c>.</summary>
internal readonly record struct Tolerance(double Absolute, double Relative)
{
    public static Tolerance Exact { get; } = new(0, 0);

    public static Tolerance Of(JsonElement e) => new(e.GetProperty("atol").GetDouble(), e.GetProperty("rtol").GetDouble());
}

/// <summary>Compares what was computed with every tensor that a golden manifest lists, in its order: the first that differs is named.</summary>
internal static class ManifestComparison
{
    /// <param name="family">Folder of the goldens.</param>
    /// <param name="actual">What was computed, under the manifest's names.</param>
    /// <param name="tolerance">Tolerance of a tensor, by its name and expected values.</param>
    public static void EveryTensorAgrees(string family, IReadOnlyDictionary<string, Tensor> actual, Func<string, Tensor, Tolerance> tolerance)
    {
        using var scope = torch.NewDisposeScope();
        var expected = Goldens.Tensors(Goldens.Family(family), "expected.safetensors");
        var listed = Goldens.Manifest(family).GetProperty("tensors").EnumerateArray()
            .Where(t => t.GetProperty("file").GetString() == "expected.safetensors").Select(t => t.GetProperty("name").GetString()!).ToList();
        Assert.NotEmpty(listed);
        foreach (string name in listed)
        {
            Assert.True(actual.ContainsKey(name), $"{name}: the manifest lists it, but nothing was computed for it");
            Close(name, expected[name], actual[name], tolerance(name, expected[name]));
        }
    }

    public static void Close(string name, Tensor expected, Tensor actual, Tolerance tolerance)
    {
        using var scope = torch.NewDisposeScope();
        Assert.True(expected.shape.SequenceEqual(actual.shape),
            $"{name}: shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", expected.shape)}]");
        var e = expected.to(torch.float64);
        var difference = (e - actual.detach().to(torch.float64)).abs();
        var excess = difference - (tolerance.Absolute + (tolerance.Relative * e.abs()));
        double worst = excess.max().item<double>();
        Assert.True(worst <= 0, $"{name}: differs by {difference.max().item<double>():g4}, beyond {tolerance.Absolute:g3} + {tolerance.Relative:g3} of the "
            + $"value by {worst:g4}");
    }
}
