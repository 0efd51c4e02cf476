using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Kernels;

namespace MfpClip.Benchmarks;

/// <summary>What benchmarks work on: models with random weights, whose speed is that of trained ones, and rendered images.</summary>
internal static class Workload
{
    public const long Seed = 1;
    public const string ClassName = "metal nut";

    /// <summary>An image of noise over a gradient, 900 x 900: nothing in it is cheaper than in a photo.</summary>
    public static RgbImage Picture { get; } = Render(900, 900);

    public static ImageInput Image { get; } = ImageInput.FromPixels(Picture, "rendered");

    /// <summary>The paper's composition on OpenAI's ViT-L/14@336, every module on.</summary>
    public static ZeroShotDetectorBuilder Paper(IClipBackbone backbone) =>
        new ZeroShotDetectorBuilder().UseBackbone(backbone).UseCnn(new ResNetOptions { RandomSeed = Seed });

    public static ClipBackbone Backbone(ScalarType precision, string device = "cpu", KernelChoice kernels = KernelChoice.Measured, ClipConfig? config = null) =>
        ClipBackbone.CreateRandom(config ?? ClipPresets.ViTL14At336, Seed, new() { Precision = precision, Device = device, Kernels = kernels });

    public static Tensor Random(params long[] shape) => torch.randn(shape, generator: new torch.Generator(7)).DetachFromDisposeScope();

    /// <summary>The same, 4 to 3, of this many million pixels.</summary>
    public static RgbImage Large(int megapixels)
    {
        int width = (int)Math.Round(Math.Sqrt(megapixels * 1e6 * 4 / 3));
        return Render(width, width * 3 / 4);
    }

    private static RgbImage Render(int width, int height)
    {
        var random = new Random(3);
        var pixels = new byte[width * height * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i / 3 % width, y = i / 3 / width;
            pixels[i] = (byte)Math.Clamp(40 + (120 * x / width) + (60 * y / height) + random.Next(-25, 26), 0, 255);
        }

        return new(width, height, pixels);
    }
}
