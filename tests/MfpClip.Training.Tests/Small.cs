using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Detection;
using MfpClip.Kernels;
using MfpClip.Modules.Self;
using MfpClip.Objectives;
using MfpClip.Training.Data;

namespace MfpClip.Training.Tests;

/// <summary>The whole method with random weights, small enough to train in a second.</summary>
internal static class Small
{
    public static ClipConfig Clip { get; } = new()
    {
        EmbedDim = 32,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 56, PatchSize = 14, Width = 64, Layers = 4, Heads = 1 },
        Text = new() { VocabSize = 49408, Width = 32, Layers = 1, Heads = 1 },
    };

    public static ZeroShotDetectorBuilder Builder() => new ZeroShotDetectorBuilder()
        .UseRandomBackbone(Clip, 1)
        .UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 1 })
        .UseSelfPrompt(new SelfPromptOptions { AdapterCount = 2 })
        .WithImageSize(56);

    /// <summary>Any method with random weights, the same on every device.</summary>
    public static ZeroShotDetectorBuilder Method(string key)
    {
        var builder = new ZeroShotDetectorBuilder();
        var method = DetectorRegistry.Default.FindMethod(key);
        builder.UseMethod(method.Create(0));
        builder.UseRandomBackbone(Clip with { Vision = Clip.Vision with { Layers = 24 } }, 1).WithImageSize(56);
        return method.Description.ReadsCnn ? builder.UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 1 }) : builder;
    }

    public static ITrainingData Data(int perCategory = 4, long seed = 3) => new ProceduralTrainingData(["fabric", "gear"], perCategory, 64, seed);

    public static TrainingRecipe Recipe { get; } = new() { Epochs = 2, BatchSize = 2, LearningRate = 1e-3 };

    public static TrainerOptions Options(string folder) => new() { OutputFolder = folder, Recipe = Recipe, Workers = 2, RecomputedBlocks = 1 };
}

/// <summary>A folder that goes when the test ends.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("mfpclip-train-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
