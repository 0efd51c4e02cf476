using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Kernels;

namespace MfpClip.Fuzz.Soak;

/// <summary>The whole method with random weights: it finds nothing, and does all that a trained one does.</summary>
internal static class SmallDetector
{
    public static ZeroShotDetector Build() => new ZeroShotDetectorBuilder()
        .UseRandomBackbone(new()
        {
            EmbedDim = 16, Activation = MlpActivation.QuickGelu,
            Vision = new() { ImageSize = 56, PatchSize = 14, Width = 64, Layers = 4, Heads = 1 },
            Text = new() { VocabSize = 49408, Width = 32, Layers = 1, Heads = 1 },
        }, 1)
        .UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 1 })
        .WithImageSize(56).Build();

    public static RgbImage Picture(int seed, int width, int height)
    {
        byte[] pixels = new byte[width * height * 3];
        new Random(seed).NextBytes(pixels);
        return new(width, height, pixels);
    }
}
