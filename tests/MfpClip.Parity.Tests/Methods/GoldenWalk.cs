using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>
/// Walks a family's manifest in its order: every tensor listed there needs a counterpart of the library's own making, and the first one
/// that differs is named.
/// </summary>
internal sealed partial class GoldenWalk : IDisposable
{
    private readonly Dictionary<string, Tensor> _actual = new(StringComparer.Ordinal);

    public GoldenWalk(string family)
    {
        Folder = Goldens.Family(family);
        Manifest = Goldens.Manifest(family);
        Inputs = Goldens.Tensors(Folder, "inputs.safetensors");
        Expected = Goldens.Tensors(Folder, "expected.safetensors");
    }

    public string Folder { get; }

    public JsonElement Manifest { get; }

    public Dictionary<string, Tensor> Inputs { get; }

    public Dictionary<string, Tensor> Expected { get; }

    /// <summary>The library's counterpart; it is compared in <see cref="Compare"/>.</summary>
    public void Give(string name, Tensor actual) => _actual.Add(name, actual.detach().cpu().clone().DetachFromDisposeScope());

    /// <summary>The runs of the manifest with the image size of each.</summary>
    public IEnumerable<(string Name, int ImageSize)> Runs =>
        Manifest.GetProperty("runs").EnumerateObject().Select(r => (r.Name, r.Value.GetProperty("image_size").GetInt32()));

    /// <summary>Compares everything that the manifest lists, in its order.</summary>
    /// <param name="tolerance">Tolerance of a tensor.</param>
    /// <param name="otherwise">Tensors that are compared in another way: the check, given the expected tensor.</param>
    public void Compare(Func<string, WalkTolerance> tolerance, IReadOnlyDictionary<string, Action<Tensor>>? otherwise = null)
    {
        int compared = 0;
        foreach (var listed in Manifest.GetProperty("tensors").EnumerateArray())
        {
            string name = listed.GetProperty("name").GetString()!;
            if (listed.GetProperty("file").GetString() == "inputs.safetensors")
            {
                Assert.True(Inputs.ContainsKey(name), $"{name}: the manifest lists this input, the file lacks it");
                continue;
            }

            compared++;
            if (otherwise is not null && otherwise.TryGetValue(name, out var check))
            {
                check(Expected[name]);
                continue;
            }

            Assert.True(_actual.TryGetValue(name, out var actual), $"{name}: the manifest lists it, the library made no counterpart");
            Close(name, Expected[name], actual!, tolerance(name));
        }

        Assert.Equal(Expected.Count, compared);
    }

    /// <summary>Numbers such as 2e-4 in a sentence of the manifest.</summary>
    public static double[] Numbers(JsonElement sentence) =>
        [.. NumberPattern().Matches(sentence.GetString()!).Select(m => double.Parse(m.Value, CultureInfo.InvariantCulture))];

    public void Dispose()
    {
        foreach (var tensor in _actual.Values)
        {
            tensor.Dispose();
        }
    }

    private static void Close(string name, Tensor expected, Tensor actual, WalkTolerance tolerance)
    {
        using var scope = torch.NewDisposeScope();
        Assert.True(expected.shape.SequenceEqual(actual.shape),
            $"{name}: shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", expected.shape)}]");
        var e = expected.to(torch.float64);
        var over = (e - actual.to(torch.float64)).abs() - (tolerance.Relative * e.abs()) - (tolerance.Absolute + (tolerance.OfLargest * e.abs().max()));
        if (tolerance.Where is { } where)
        {
            over = over.where(where, torch.full_like(over, -1));
        }

        Assert.True(actual.to(torch.float64).isfinite().all().item<bool>(), $"{name}: not finite");
        double worst = (e - actual.to(torch.float64)).abs().max().item<double>();
        Assert.True(over.max().item<double>() <= 0,
            $"{name}: differs by up to {worst:g4}, beyond relative {tolerance.Relative:g2} and absolute {tolerance.Absolute:g2}");
    }

    [GeneratedRegex(@"\d+(\.\d+)?e-\d+")]
    private static partial Regex NumberPattern();
}

/// <summary>How far two tensors may be apart: relative, absolute, in fractions of the largest value; and where.</summary>
internal sealed record WalkTolerance(double Relative, double Absolute, double OfLargest = 0, Tensor? Where = null)
{
    public static WalkTolerance Of(JsonElement e) => new(e.GetProperty("rtol").GetDouble(), e.GetProperty("atol").GetDouble());
}
