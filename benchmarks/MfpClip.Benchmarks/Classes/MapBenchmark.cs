using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules.Scoring;

namespace MfpClip.Benchmarks.Classes;

/// <summary>From patch features to a map and from the map to an answer at the image's size. Baseline: the map of four stages.</summary>
public class MapBenchmark
{
    private readonly AnomalyMapGenerator _generator = new(new());
    private Tensor _features = null!;
    private Tensor _texts = null!;
    private AnomalyMap _map = null!;
    private AnomalyMap _large = null!;

    /// <summary>Where the map is made; the rest is always the CPU's.</summary>
    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    public static IEnumerable<string> AllDevices => Devices.All;

    [GlobalSetup]
    public void Load()
    {
        using var scope = torch.NewDisposeScope();
        _features = Workload.Random(1, 37, 37, 768).to(torch.device(Device)).permute(0, 3, 1, 2).DetachFromDisposeScope(); // channels last, as MPFA leaves them
        using var texts = Workload.Random(1, 2, 768);
        _texts = F.normalize(texts, p: 2, dim: -1).to(torch.device(Device)).DetachFromDisposeScope();
        var random = new Random(1);
        _map = new(518, 518, [.. Enumerable.Range(0, 518 * 518)
            .Select(i => (float)((0.5 + (0.5 * Math.Sin(i % 518 / 20.0) * Math.Sin(i / 518 / 20.0))) * (0.9 + (0.1 * random.NextDouble()))))]);
        _large = MapResize.ToImage(_map, 900, 900);
    }

    [Benchmark(Baseline = true, Description = "map of four stages")]
    public void Map()
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        _generator.Map([_features, _features, _features, _features], [_texts, _texts, _texts, _texts], 518, 518, ForwardContext.Default);
        Devices.Finish(Device);
    }

    [Benchmark(Description = "to 900 x 900")]
    public AnomalyMap Enlarge() => MapResize.ToImage(_map, 900, 900);

    [Benchmark(Description = "regions of 900 x 900")]
    public IReadOnlyList<DefectRegion> Regions() => DefectRegions.Find(_large, 0.5f);

    [GlobalCleanup]
    public void Free()
    {
        _features.Dispose();
        _texts.Dispose();
        _generator.Dispose();
    }
}
