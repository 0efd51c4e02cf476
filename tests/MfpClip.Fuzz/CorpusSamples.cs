using System.IO.Compression;
using System.Text;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Fuzz.Soak;
using MfpClip.Fuzz.Targets;
using MfpClip.Training;
using MfpClip.Training.Checkpoints;
using MfpClip.Weights;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace MfpClip.Fuzz;

/// <summary>Samples that the library and its decoders write themselves.</summary>
internal static class CorpusSamples
{
    public static IEnumerable<(string Name, byte[] Content)> Make()
    {
        using var scope = torch.NewDisposeScope();
        string folder = Directory.CreateTempSubdirectory("mfpclip-corpus-").FullName;
        try
        {
            foreach (var sample in Stores(folder).Concat(Images()).Concat(Vocabularies()))
            {
                yield return sample;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<(string, byte[])> Stores(string folder)
    {
        string path = Path.Combine(folder, "x.safetensors");
        SafetensorsWriter.Write(path,
        [
            new("a", torch.arange(6, ScalarType.Float32).reshape(2, 3)), new("b", torch.ones([2], ScalarType.Float16)),
            new("c", torch.tensor(new long[] { 1, 2 })),
            new("d", torch.zeros([0, 4])), new("e", torch.tensor(new[] { true, false })),
        ], new Dictionary<string, string> { ["format"] = "pt" });
        yield return ("safetensors/small.safetensors", File.ReadAllBytes(path));

        var weights = StoreTargets.Weights();
        var state = new TrainingState
        {
            Epoch = 1, TotalSteps = 4, Step = 1, EpochImages = 2, LossSum = 0.5,
            History = [new(0, 1, new Dictionary<string, double> { ["focal"] = 1 }, 1e-3, 1, 1)],
        };
        using var optimizer = new AdamOptimizer(StoreTargets.Recipe, weights);
        CheckpointFile.Save(path, state, StoreTargets.Identity, StoreTargets.Recipe, weights, optimizer, [], [1f, 0.5f]);
        yield return ("checkpoint/small.safetensors", File.ReadAllBytes(path));

        string features = Directory.CreateDirectory(Path.Combine(folder, "features")).FullName;
        var x = torch.arange(12, ScalarType.Float32).reshape(1, 12);
        new FeatureFolder(features, 1 << 20).Get(
            new FeatureKey { Network = "n", What = "w", Precision = ScalarType.Float32, Device = "cpu" }, FeatureInputs.Of(x), () => [x * 2]);
        yield return ("features/small.safetensors", File.ReadAllBytes(Directory.GetFiles(features).Single()));

        using var detector = SmallDetector.Build();
        using var referenced = detector.WithReferences(
            [ImageInput.FromPixels(SmallDetector.Picture(1, 20, 20), "a"), ImageInput.FromPixels(SmallDetector.Picture(2, 20, 30), "b")]);
        referenced.SaveReferences(path);
        yield return ("references/small.safetensors", File.ReadAllBytes(path));
        yield return ("hybrid-config/small.json", Encoding.UTF8.GetBytes(new Backbones.Hybrid.HybridConfig().ToJson()));
        yield return ("recipe/small.json", Encoding.UTF8.GetBytes(detector.Description.Recipe!));
    }

    private static IEnumerable<(string, byte[])> Images()
    {
        foreach (var (width, height) in new[] { (7, 5), (16, 24) })
        {
            using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
            for (int i = 0; i < width * height; i++)
            {
                bitmap.SetPixel(i % width, i / width, new SKColor((byte)(i * 7), (byte)(i * 3), (byte)(255 - i), (byte)(i % 3 == 0 ? 128 : 255)));
            }

            foreach (var (name, format) in new[]
            {
                ("png", SKEncodedImageFormat.Png), ("jpeg", SKEncodedImageFormat.Jpeg), ("webp", SKEncodedImageFormat.Webp),
            })
            {
                using var data = bitmap.Encode(format, 80);
                yield return ($"{name}/{width}x{height}.{name}", data.ToArray());
            }
        }
    }

    private static IEnumerable<(string, byte[])> Vocabularies()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write("\"bpe_simple_vocab\nt h\nth e</w>\ni n\n"u8);
        }

        yield return ("vocabulary/small.txt.gz", packed.ToArray());
    }
}
