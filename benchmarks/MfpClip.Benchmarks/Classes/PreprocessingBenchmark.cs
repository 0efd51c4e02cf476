using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Benchmarks.Classes;

/// <summary>From an encoded photo of 900 x 900 pixels to the tower's input. Baseline: the resize.</summary>
public class PreprocessingBenchmark
{
    private static readonly float[] Half = [0.5f, 0.5f, 0.5f];
    private readonly SquareResize _resize = new(518);
    private readonly SkiaImageDecoder _decoder = new();
    private byte[] _png = [];
    private RgbImage _small = null!;

    [GlobalSetup]
    public void Load()
    {
        string path = Path.Combine(Path.GetTempPath(), $"mfpclip-{Guid.NewGuid():N}.png");
        MapFiles.WritePng(path, Workload.Picture);
        _png = File.ReadAllBytes(path);
        File.Delete(path);
        _small = _resize.Prepare(Workload.Picture).Pixels;
    }

    [Benchmark(Baseline = true, Description = "resize to 518")]
    public PreprocessedImage Resize() => _resize.Prepare(Workload.Picture);

    [Benchmark(Description = "decode PNG")]
    public RgbImage Decode() => _decoder.Decode(_png, "photo", new());

    [Benchmark(Description = "normalise")]
    public void Normalise()
    {
        using var x = PixelTensor.Normalized([_small], Half, Half);
    }
}
