using System.Diagnostics;
using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.CustomMethod;
using MfpClip.Data;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Detection;
using MfpClip.Evaluation;
using MfpClip.Hosting;
using MfpClip.Kernels;
using MfpClip.Output;
using MfpClip.Training;
using MfpClip.Training.Comparison;
using MfpClip.Training.Data;
using MfpClip.Weights;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using TorchSharp;

namespace MfpClip.PublicApi.Tests;

/// <summary>
/// A sixth method from another assembly, with the public API alone: it gets everything that the library's own methods get. Neither this assembly nor
/// the sample's is a friend of the library.
/// </summary>
public sealed class OpenMethodTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-open-").FullName;

    public OpenMethodTests() => System.Runtime.CompilerServices.RuntimeHelpers.RunModuleConstructor(typeof(LinearProbeMethod).Module.ModuleHandle);

    private static ClipConfig Config => new()
    {
        EmbedDim = 16,
        Activation = MlpActivation.Gelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 2, Heads = 2 },
        Text = new() { VocabSize = 49408, Width = 16, Layers = 1, Heads = 2 },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_detects_describes_itself_and_comes_back_from_its_recipe()
    {
        using var detector = Builder().Build();
        var result = detector.Detect(Picture(1), new() { ClassName = "gear" });

        Assert.Equal("Linear probe", detector.Description.Method);
        Assert.Equal("linear-probe", detector.Description.MethodId);
        Assert.Contains(detector.Description.Stages, s => s.Implementation == "linear-probe");
        Assert.InRange(result.Score, 0, 1);
        Assert.True(result.ModelMap.Data.Max() > result.ModelMap.Data.Min());
        Assert.Contains("probe", result.Timings.ForwardStages.Keys);
        using var again = ZeroShotDetectorBuilder.From(DetectorRecipe.Parse(detector.Recipe.ToJson())).Build();
        Assert.Equal(result.Score, again.Detect(Picture(1), new() { ClassName = "gear" }).Score);
    }

    [Fact]
    public async Task Configuration_names_it_and_validates_its_settings()
    {
        IServiceCollection Services(string scale) => new ServiceCollection().AddKeyedMfpClip(
            "line", new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Method"] = "linear-probe", ["MethodOptions:Scale"] = scale, ["ImageSize"] = "56", ["Backbone:RandomSeed"] = "1",
                ["Backbone:Config:EmbedDim"] = "16", ["Backbone:Config:Activation"] = "Gelu",
                ["Backbone:Config:Vision:ImageSize"] = "28", ["Backbone:Config:Vision:PatchSize"] = "14", ["Backbone:Config:Vision:Width"] = "32",
                ["Backbone:Config:Vision:Layers"] = "2", ["Backbone:Config:Vision:Heads"] = "2", ["Backbone:Config:Text:VocabSize"] = "49408",
                ["Backbone:Config:Text:Width"] = "16", ["Backbone:Config:Text:Layers"] = "1", ["Backbone:Config:Text:Heads"] = "2",
            }).Build());

        using var good = Services("5").BuildServiceProvider();
        Assert.Equal("Linear probe", good.GetRequiredKeyedService<IZeroShotDetector>("line").Description.Method);
        Assert.Contains("line: random or untrained weights", (await good.GetRequiredService<MfpClipHealthCheck>().CheckHealthAsync(new())).Description,
            StringComparison.Ordinal);
        using var bad = Services("-5").BuildServiceProvider();
        var e = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(
            () => bad.GetRequiredService<Microsoft.Extensions.Options.IStartupValidator>().Validate());
        Assert.Contains("Scale is -5", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_takes_references_and_several_scales()
    {
        using var alone = Builder().Build();
        using var detector = alone.WithReferences([Picture(2), Picture(3)]);
        Assert.NotEqual(alone.Detect(Picture(1)).Score, detector.Detect(Picture(1)).Score);
        using var scaled = Builder().WithScales(1, 0.5).Build();
        Assert.NotEqual(alone.Detect(Picture(1)).Score, scaled.Detect(Picture(1)).Score);
    }

    [Fact]
    public void It_is_trained_resumed_saved_and_loaded()
    {
        using var detector = Builder().Build();
        float before = detector.Detect(Picture(1)).Score;
        var data = new ProceduralTrainingData(["gear"], 8, 56, 1);
        TrainerOptions Options(bool resume, long? most) => new()
        {
            OutputFolder = Path.Combine(_folder, "run"), Workers = 0, DrawCurves = false, WriteTensorBoard = false, Resume = resume, MaximumSteps = most,
        };
        Assert.False(new Trainer(detector, data, Options(false, 1)).Run().IsComplete);

        using var resumed = Builder().Build();
        var result = new Trainer(resumed, data, Options(true, null)).Run();

        Assert.True(result.IsComplete);
        Assert.True(result.Epochs[^1].Loss < result.Epochs[0].Loss, "the loss does not fall");
        Assert.NotEqual(before, resumed.Detect(Picture(1)).Score);
        using var loaded = Builder().WithModuleWeights(result.ModulesPath).Build();
        Assert.Equal(resumed.Detect(Picture(1)).Score, loaded.Detect(Picture(1)).Score, 1e-6f);
    }

    [Fact]
    public void Its_authors_checkpoint_loads_and_a_wrong_one_is_refused()
    {
        string official = Path.Combine(_folder, "official.safetensors"), wrong = Path.Combine(_folder, "wrong.safetensors");
        using var scope = torch.NewDisposeScope();
        SafetensorsWriter.Write(official, [new("probe.temperature", torch.tensor(3f)), new("probe.state_bias", torch.tensor(new[] { 0f, 5f }))]);
        SafetensorsWriter.Write(wrong, [new("probe.temperature", torch.tensor(3f)), new("probe.state_bias", torch.tensor(new[] { 0f, 5f, 1f }))]);

        using var plain = Builder().Build();
        using var loaded = Builder().WithModuleWeights(official).Build();

        Assert.True(loaded.Detect(Picture(1)).Score > plain.Detect(Picture(1)).Score, "a bias of 5 towards abnormal raises every score");
        Assert.Throws<WeightsMismatchException>(() => Builder().WithModuleWeights(wrong).Build());
    }

    [Fact]
    public void It_is_evaluated_and_compared_with_a_method_of_the_library()
    {
        var set = DataSetReader.Open(WriteDataSet());
        using var detector = Builder().Build();
        var run = new Evaluator(new() { Cases = 0 }).Evaluate(detector, set);
        Assert.NotNull(run.Mean.ImageAuroc.Value);

        var comparison = new MethodComparison(new()
        {
            OutputFolder = Path.Combine(_folder, "comparison"), Seeds = [0], LatencyImages = 1, Evaluation = new() { Cases = 0 },
            Training = new() { OutputFolder = _folder, Workers = 0, DrawCurves = false, WriteTensorBoard = false, MaximumSteps = 2 },
        });
        var result = comparison.Run(
            [.. new[] { "winclip", "linear-probe" }.Select(DetectorRegistry.Default.FindMethod)
                .Select(m => new ComparedMethod(m.Description.Id, m.Description.Name, seed => Base().UseMethod(m.Create(seed))))],
            new ProceduralTrainingData(["fabric"], 4, 56, 1), set);

        Assert.All(result.Methods, m => Assert.Null(m.Failure));
        Assert.Equal(3, result.Methods[1].Runs[0].TrainedValues);
        Assert.Contains("Linear probe", File.ReadAllText(Path.Combine(_folder, "comparison", "comparison.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_line_knows_it_by_name()
    {
        string plugin = typeof(LinearProbeMethod).Assembly.Location;
        string photo = Path.Combine(_folder, "photo.png");
        MapFiles.WritePng(photo, Picture(1));

        Assert.Contains(Json("methods", "list").EnumerateArray(), m => m.GetProperty("key").GetString() == "linear-probe");
        var detected = Json("detect", photo, "--method", "linear-probe", "--weights", "random:tiny", "--out", Path.Combine(_folder, "out"));
        Assert.Equal("Linear probe", detected.GetProperty("method").GetString());

        JsonElement Json(params string[] arguments)
        {
            string output = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar); // .../bin/MfpClip.PublicApi.Tests/debug
            string cli = Path.Combine(output, "..", "..", "MfpClip.Cli", Path.GetFileName(output), "MfpClip.Cli.dll");
            var start = new ProcessStartInfo("dotnet", [cli, .. arguments, "--plugin", plugin, "--json"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            string printed = process.StandardOutput.ReadToEnd();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors);
            return JsonDocument.Parse(printed).RootElement.Clone();
        }
    }

    private static ZeroShotDetectorBuilder Base() => new ZeroShotDetectorBuilder().UseRandomBackbone(Config, 1).WithImageSize(56);

    private static ZeroShotDetectorBuilder Builder() => Base().UseLinearProbe();

    private static RgbImage Picture(long seed) => ProceduralDataSet.Render("gear", seed, null, 64).Image;

    private string WriteDataSet()
    {
        string root = Path.Combine(_folder, "gear");
        for (int i = 0; i < 3; i++)
        {
            foreach (var (name, kind) in new[] { ("good", (DefectKind?)null), ("hole", DefectKind.Hole) })
            {
                var picture = ProceduralDataSet.Render("gear", 10 + i, kind, 64);
                MapFiles.WritePng(Path.Combine(root, "test", name, $"{i:000}.png"), picture.Image);
                if (kind is not null)
                {
                    byte[] mask = [.. picture.Mask.SelectMany(m => Enumerable.Repeat(m ? (byte)255 : (byte)0, 3))];
                    MapFiles.WritePng(Path.Combine(root, "ground_truth", name, $"{i:000}_mask.png"), new(picture.Image.Width, picture.Image.Height, mask));
                }
            }

            MapFiles.WritePng(Path.Combine(root, "train", "good", $"{i:000}.png"), Picture(20 + i));
        }

        return root;
    }
}
