using MfpClip.Backbones.Cnn;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Imaging;
using MfpClip.Kernels;

namespace MfpClip.Tests.Imaging;

public class ImageBatchTests
{
    private static readonly (float[] Mean, float[] Std) Clip = ([0.48145466f, 0.4578275f, 0.40821073f], [0.26862954f, 0.26130258f, 0.27577711f]);

    [Fact]
    public void Each_network_gets_its_own_input_once()
    {
        using var batch = ImageBatch.FromImages([Image(1), Image(2)]);
        var (clip, pixels) = (batch.Normalized(Clip, torch.CPU), batch.Pixels(torch.CPU));
        Assert.Same(clip, batch.Normalized(([.. Clip.Mean], [.. Clip.Std]), torch.CPU));
        Assert.Same(pixels, batch.Pixels(torch.CPU));
        for (int c = 0; c < 3; c++)
        {
            float p = Image(2).Data[(((2 * 5) + 3) * 3) + c] / 255f;
            Assert.Equal(p, pixels[1, c, 2, 3].item<float>()); // the bytes themselves, no normalisation undone
            Assert.Equal((p - Clip.Mean[c]) / Clip.Std[c], clip[1, c, 2, 3].item<float>());
        }
    }

    [Fact]
    public void Tensors_stay_as_they_are_for_the_network_they_were_made_for()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.rand(2, 3, 4, 5);
        using var normalised = ImageBatch.FromNormalized(x, Clip);
        using var pixels = ImageBatch.FromPixels(x);
        TensorAssert.Close(x, normalised.Normalized(Clip, torch.CPU), 0);
        TensorAssert.Close(x, pixels.Pixels(torch.CPU), 0);
        using var back = ImageBatch.FromPixels(normalised.Pixels(torch.CPU));
        TensorAssert.Close(x, back.Normalized(Clip, torch.CPU), 1e-6);
        Assert.Equal((2, 4, 5), (back.Count, back.Height, back.Width));
        Assert.Throws<ArgumentException>(() => ImageBatch.FromPixels(x[0]));
        Assert.Throws<ArgumentException>(() => ImageBatch.FromImages([]));
    }

    [Fact]
    public void Contents_are_equal_for_equal_images_alone()
    {
        using var both = ImageBatch.FromImages([Image(1), Image(2)]);
        using var other = ImageBatch.FromImages([Image(2), Image(3)]);
        Assert.Equal(both.Contents[1], other.Contents[0]);
        Assert.Equal(3, both.Contents.Concat(other.Contents).Distinct().Count());
        using var taken = both.Take([1]);
        Assert.Equal(both.Contents[1], Assert.Single(taken.Contents));
        using var scope = torch.NewDisposeScope();
        var x = torch.rand(2, 3, 4, 5);
        using var pixels = ImageBatch.FromPixels(x);
        using var normalised = ImageBatch.FromNormalized(x, Clip);
        using var second = pixels.Take([1]);
        Assert.Equal(pixels.Contents[1], second.Contents[0]);
        Assert.NotEqual(pixels.Contents, normalised.Contents);
    }

    [Fact]
    public void The_cnn_sees_the_pixels_exactly()
    {
        using var cnn = new Keeper();
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(new()
        {
            EmbedDim = 16, Activation = MlpActivation.QuickGelu,
            Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 }, Text = new()
            {
                VocabSize = 49408, Width = 16, Layers = 1, Heads = 2,
            },
        }, 1).UseCnn(cnn).WithImageSize(56).Build();
        var image = Image(4, 56, 56);
        detector.Detect(image);
        float[] seen = cnn.Seen!;
        Assert.Equal(3 * 56 * 56, seen.Length);
        Assert.Equal(Enumerable.Range(0, seen.Length).Select(i => image.Data[((i % (56 * 56)) * 3) + (i / (56 * 56))] / 255f), seen);
    }

    [Fact]
    public void Live_tensors_stay_flat()
    {
        long before = LiveTensors.Settle();
        using (var batch = ImageBatch.FromImages([Image(1)]))
        {
            batch.Normalized(Clip, torch.CPU);
            batch.Pixels(torch.CPU);
        }

        Assert.Equal(before, LiveTensors.Settle());
    }

    private static RgbImage Image(int seed, int width = 5, int height = 4)
    {
        var pixels = new byte[width * height * 3];
        new Random(seed).NextBytes(pixels);
        return new(width, height, pixels);
    }

    private sealed class Keeper : ICnnFeatureExtractor
    {
        public float[]? Seen { get; private set; }

        public int FeatureDim => 3;

        public IReadOnlyList<int> LevelDims => [3, 3, 3, 3, 3];

        public StageDescription Describe() => new() { Stage = "CNN features", Component = "keeper" };

        public void To(Device device)
        {
        }

        public CnnFeatures Extract(Tensor pixels)
        {
            Seen = pixels.data<float>().ToArray();
            var f = pixels.mean([2, 3]);
            return new(f, [.. Enumerable.Range(0, 5).Select(_ => f.alias())]);
        }

        public void Dispose()
        {
        }
    }
}
