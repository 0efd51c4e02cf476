using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.Data;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Kernels;
using MfpClip.Training.Data;

namespace MfpClip.Training.Tests.Compatibility;

/// <summary>The training that version 0.1 (commit 99bb859) stopped after 6 of 8 steps and wrote to Fixtures, and what it gave when it went on.</summary>
internal static class StoppedTraining
{
    public const string OtherRandomNumbers =
        "libtorch draws other random numbers on this processor: a backbone with random weights has another hash here than in the stored checkpoint.";

    private static ClipConfig Config { get; } = new()
    {
        EmbedDim = 16,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
        Text = new() { VocabSize = 49408, Width = 16, Layers = 2, Heads = 2 },
    };

    /// <summary>MFP-CLIP without a CNN: the smallest composition of it that trains.</summary>
    public static ZeroShotDetector Detector() => new ZeroShotDetectorBuilder()
        .UseRandomBackbone(Config, 3).WithoutImageToTextPrompt().WithoutSelfPrompt().WithImageSize(56).Build();

    /// <summary>Trains until all is done, or so many steps.</summary>
    public static TrainingResult Run(ZeroShotDetector detector, string folder, long? steps) =>
        new Trainer(detector, new ProceduralTrainingData(["fabric", "gear"], 4, 64, 3), new()
        {
            OutputFolder = folder,
            Recipe = new() { Epochs = 2, BatchSize = 2, LearningRate = 0.01, MosaicProbability = 0.3, ClipGradientNorm = 1, AverageDecay = 0.8 },
            Resume = true,
            MaximumSteps = steps,
            Workers = 0,
            DrawCurves = false,
            WriteTensorBoard = false,
        }).Run();

    /// <summary>What the detector gives after the training: score, and map at 4 x 4 places.</summary>
    public static (float Score, float[] Map) Values(ZeroShotDetector detector)
    {
        var result = detector.Detect(ImageInput.FromPixels(ProceduralDataSet.Render("gear", 7, DefectKind.Stain, 96).Image, "gear 7"));
        var map = result.ModelMap;
        return (result.Score, [.. Enumerable.Range(0, 16).Select(i => map[((2 * (i % 4)) + 1) * map.Width / 8, ((2 * (i / 4)) + 1) * map.Height / 8])]);
    }

    /// <summary>SHA-256 of random numbers of a seed.</summary>
    public static string RandomNumbers()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1, torch.CPU);
        float[] normal = torch.randn([1000], generator: generator).data<float>().ToArray();
        float[] uniform = torch.rand([1000], generator: generator).data<float>().ToArray();
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>([.. normal, .. uniform])));
    }

    public static string Fixture(string name) => Path.Combine(Folder(), name);

    public static Expectation Expected => JsonSerializer.Deserialize<Expectation>(File.ReadAllText(Fixture("expected.json")))!;

    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                return Path.Combine(folder.FullName, "tests", "MfpClip.Training.Tests", "Compatibility", "Fixtures");
            }
        }

        throw new DirectoryNotFoundException("The stored files were not found beside the solution.");
    }

    /// <summary>expected.json.</summary>
    /// <param name="RandomNumbers">Hash of random numbers on the machine that wrote the checkpoint.</param>
    /// <param name="Steps">Steps of the whole training.</param>
    /// <param name="Losses">Mean loss of each epoch.</param>
    /// <param name="Score">Score after the training.</param>
    /// <param name="Map">Map after the training.</param>
    public sealed record Expectation(string RandomNumbers, long Steps, double[] Losses, float Score, float[] Map);
}
