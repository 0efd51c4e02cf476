using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Data;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Kernels;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Self;
using MfpClip.References;

namespace MfpClip.Tests.Compatibility;

/// <summary>The small detectors whose files version 0.1 (commit 99bb859) wrote to Fixtures, and what it gave after loading them.</summary>
internal static class Version01
{
    public static IReadOnlyList<string> Methods { get; } = ["mfp-clip", "april-gan", "anomalyclip", "adaclip"];

    public static ReferenceOptions ReferenceOptions { get; } = new()
    {
        TopCells = 4, Stages = [2, 4], Features = ReferenceFeatures.Tokens, Join = ReferenceJoin.Fixed,
    };

    private static ClipConfig Config { get; } = new()
    {
        EmbedDim = 16,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
        Text = new() { VocabSize = 49408, Width = 16, Layers = 2, Heads = 2 },
    };

    /// <summary>A method at its initialization, or "references": MFP-CLIP without a CNN, as the references have it.</summary>
    public static ZeroShotDetectorBuilder Builder(string method)
    {
        var builder = new ZeroShotDetectorBuilder().UseRandomBackbone(Config, 3).WithImageSize(84);
        return method switch
        {
            "mfp-clip" => builder.UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 5 })
                .UseImageToTextPrompt(new ImageToTextPromptOptions { TokenCount = 1 }).UseSelfPrompt(new SelfPromptOptions { AdapterCount = 1 }),
            "april-gan" => builder.UseAprilGan(),
            "anomalyclip" => builder.UseAnomalyClip(),
            "adaclip" => builder.UseAdaClip(),
            "references" => builder.WithoutImageToTextPrompt().WithoutSelfPrompt(),
            _ => throw new ArgumentOutOfRangeException(nameof(method), method, null),
        };
    }

    /// <summary>The picture that every expected value belongs to.</summary>
    public static ImageInput Picture() => ImageInput.FromPixels(ProceduralDataSet.Render("gear", 7, DefectKind.Stain, 96).Image, "gear 7");

    /// <summary>A picture of a good part.</summary>
    public static ImageInput Good(int seed) => ImageInput.FromPixels(ProceduralDataSet.Render("gear", seed, null, 96).Image, $"gear {seed}");

    /// <summary>The values at the centres of a grid of equal cells.</summary>
    public static float[] Grid(AnomalyMap map, int side) =>
    [
        .. Enumerable.Range(0, side * side).Select(i => map[((2 * (i % side)) + 1) * map.Width / (2 * side), ((2 * (i / side)) + 1) * map.Height / (2 * side)]),
    ];

    /// <summary>SHA-256 of random numbers of a seed.</summary>
    public static string RandomNumbers()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1, torch.CPU);
        float[] normal = torch.randn([1000], generator: generator).data<float>().ToArray();
        float[] uniform = torch.rand([1000], generator: generator).data<float>().ToArray();
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>([.. normal, .. uniform])));
    }

    /// <summary>Skips the test where the files cannot fit, because they name the backbone by the hash of its random weights.</summary>
    public static void RequireRandomNumbers() => Skip.IfNot(
        RandomNumbers() == Expected.RandomNumbers,
        "libtorch draws other random numbers on this processor: a backbone with random weights has another hash here than in the stored files.");

    public static string Fixture(string name) => Path.Combine(Folder(), name);

    public static Expectation Expected => JsonSerializer.Deserialize<Expectation>(File.ReadAllText(Fixture("expected.json")))!;

    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                return Path.Combine(folder.FullName, "tests", "MfpClip.Tests", "Compatibility", "Fixtures");
            }
        }

        throw new DirectoryNotFoundException("The stored files were not found beside the solution.");
    }

    /// <summary>expected.json.</summary>
    /// <param name="RandomNumbers">Hash of random numbers on the machine that wrote the files.</param>
    /// <param name="Modules">By method.</param>
    /// <param name="References">With the reference file.</param>
    /// <param name="ReferenceImages">Names of the images in the reference file.</param>
    /// <param name="Calibrated">MFP-CLIP with its modules and the calibration file.</param>
    public sealed record Expectation(
        string RandomNumbers,
        IReadOnlyDictionary<string, Values> Modules,
        Values References,
        IReadOnlyList<string> ReferenceImages,
        CalibratedValues Calibrated);

    /// <summary>What a detector gives for <see cref="Picture"/>.</summary>
    public sealed record Values(float Score, float[] Map);

    /// <summary>What a calibration adds.</summary>
    public sealed record CalibratedValues(float CalibratedScore, bool IsAnomalous, float Threshold, float PixelThreshold, string Strategy, int GoodImages);
}
