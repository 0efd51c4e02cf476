using MfpClip.Data;
using MfpClip.Imaging;
using MfpClip.Objectives;
using MfpClip.Training.Data;

namespace MfpClip.Training.Tests;

public class DataTests
{
    [Fact]
    public void The_order_is_a_permutation_that_follows_from_seed_and_epoch()
    {
        int[] first = StepRandom.At(5, 1, 0).Permutation(1000), again = StepRandom.At(5, 1, 0).Permutation(1000);
        Assert.Equal(first, again);
        Assert.Equal(Enumerable.Range(0, 1000), first.Order());
        Assert.NotEqual(first, StepRandom.At(5, 1, 1).Permutation(1000));
        Assert.NotEqual(first, StepRandom.At(6, 1, 0).Permutation(1000));
        // Far from sorted: a fair shuffle leaves about one value in its place, and its mean distance is a third of the length.
        Assert.InRange(first.Select((v, i) => Math.Abs(v - i)).Average(), 300, 367);
    }

    [Fact]
    public void Batches_arrive_in_order_whatever_the_number_of_workers()
    {
        var recipe = new TrainingRecipe { BatchSize = 3, Seed = 4 };
        string[] With(int workers) => [.. Loader(recipe, workers).Epoch(2, 0, default)
            .Select(b => string.Join('+', b.Select(s => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(s.Pixels.Data))[..8])))];
        var inline = With(0);
        Assert.Equal(4, inline.Length); // 10 images
        Assert.Equal(inline, With(1));
        Assert.Equal(inline, With(5));
        Assert.Equal(inline[2..], Loader(recipe, 3).Epoch(2, 2, default)
            .Select(b => string.Join('+', b.Select(s => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(s.Pixels.Data))[..8]))));
    }

    [Fact]
    public void An_unreadable_image_is_reported_by_its_name_and_nothing_hangs()
    {
        var data = new Listed(10, unreadable: 6);
        var loader = new BatchLoader(new(data, new SquareResize(8), new(), 0), data.Count, new(), 4);
        var error = Assert.Throws<ImageDecodeException>(() => loader.Epoch(0, 0, default).Count());
        Assert.Contains("image 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_are_kept_within_the_budget_only()
    {
        var data = new Listed(10);
        long each = 8 * 8 * 4; // RGB and mask
        var source = new SampleSource(data, new SquareResize(8), new(), 3 * each);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            for (int i = 0; i < 10; i++)
            {
                source.At(i, epoch, i);
            }
        }

        Assert.Equal(3, source.KeptCount);
        Assert.Equal(10 + 7 + 7, data.Loads);
    }

    [Fact]
    public void Tensors_hold_pixels_labels_and_masks()
    {
        var data = new Listed(4);
        var loader = new BatchLoader(new(data, new SquareResize(8), new(), 0), 4, new() { BatchSize = 4 }, 0);
        using var scope = torch.NewDisposeScope();
        var order = loader.Order(0);
        var batch = loader.ToTensors(loader.Epoch(0, 0, default).Single());
        using var images = batch.Images;
        var pixels = images.Normalized(([0.5f, 0.5f, 0.5f], [0.5f, 0.25f, 1]), torch.CPU);
        Assert.Equal([4, 3, 8, 8], pixels.shape);
        for (int i = 0; i < 4; i++)
        {
            float grey = order[i] * 10 / 255f; // image k has all pixels 10 k
            Assert.Equal((grey - 0.5f) / 0.25f, pixels[i, 1, 3, 3].item<float>(), 1e-5f);
            Assert.Equal(order[i] % 2, batch.Labels[i].item<float>());
            Assert.Equal(order[i] % 2 == 0 || order[i] == 1, batch.HasMask[i]);
            // Image 1 has the defect in its left half.
            Assert.Equal(order[i] == 1 ? 32 : 0, batch.Masks[i].sum().item<float>());
        }
    }

    [Fact]
    public void A_mask_shrinks_as_antialiased_bilinear_and_covers_what_the_crop_covers()
    {
        // 8 x 8, left half defective, to 4 x 4: the border lies between columns 1 and 2 and stays there.
        bool[] half = [.. Enumerable.Range(0, 64).Select(i => i % 8 < 4)];
        byte[] small = FloatMaskResize.ToModel(half, 8, 8, new(0, 0, 8, 8), 4);
        Assert.Equal<byte>([1, 1, 0, 0], small[..4]);
        // A line one pixel wide is less than half of its two-pixel cell.
        bool[] line = [.. Enumerable.Range(0, 64).Select(i => i % 8 == 3)];
        Assert.All(FloatMaskResize.ToModel(line, 8, 8, new(0, 0, 8, 8), 4), v => Assert.Equal(0, v));
        // The crop of the right half sees nothing of the left one; growing keeps the border.
        Assert.All(FloatMaskResize.ToModel(half, 8, 8, new(4.5, 0, 3.5, 8), 4), v => Assert.Equal(0, v));
        byte[] large = FloatMaskResize.ToModel([true, false], 2, 1, new(0, 0, 2, 1), 8);
        Assert.Equal<byte>([1, 1, 1, 1, 0, 0, 0, 0], large[..8]);
    }

    [Fact]
    public void A_mosaic_holds_four_images_of_one_class()
    {
        var four = Enumerable.Range(0, 4).Select(i => Listed.Sample(i, withMask: true)).ToList();
        var mosaic = Mosaic.Of(four);
        Assert.Equal((16, 16), (mosaic.Image.Width, mosaic.Image.Height));
        Assert.Equal([0, 10, 20, 30], new[] { (0, 0), (0, 15), (15, 0), (15, 15) }.Select(p => (int)mosaic.Image.Data[((p.Item1 * 16) + p.Item2) * 3]));
        Assert.True(mosaic.IsAnomalous);
        Assert.Equal(2 * 32, mosaic.Mask!.Count(m => m)); // images 1 and 3, left halves
        Assert.True(mosaic.Mask![8] && !mosaic.Mask![12] && !mosaic.Mask![0]);
        Assert.Null(Mosaic.Of([.. four.Take(3), Listed.Sample(3, withMask: false)]).Mask);
    }

    [Fact]
    public void Mosaics_come_as_often_as_the_recipe_says_and_again_the_same()
    {
        var data = new Listed(200);
        var recipe = new TrainingRecipe { MosaicProbability = 0.25, Seed = 2 };
        var source = new SampleSource(data, new SquareResize(8), recipe, long.MaxValue);
        bool IsMosaic(int i, int epoch) => source.At(i, epoch, i).Pixels.Data.Distinct().Count() > 1;
        int mosaics = Enumerable.Range(0, 200).Count(i => IsMosaic(i, 1));
        Assert.InRange(mosaics, 25, 75); // 50 expected, deviation 6; four equal images may look like one
        Assert.Equal(source.At(7, 3, 9).Pixels.Data, new SampleSource(data, new SquareResize(8), recipe, 0).At(7, 3, 9).Pixels.Data);
    }

    private static BatchLoader Loader(TrainingRecipe recipe, int workers) =>
        new(new(new Listed(10), new SquareResize(8), recipe, 0), 10, recipe, workers);

    /// <summary>Image k is 8 x 8, all pixels 10 k; odd ones are defective in the left half, only image 1 has a mask.</summary>
    private sealed class Listed(int count, int unreadable = -1) : ITrainingData
    {
        private int _loads;

        public string Name => "listed";

        public int Count => count;

        public string Fingerprint => "f";

        public IReadOnlyList<CategoryFingerprint> Auxiliary => [];

        public int Loads => _loads;

        public string ClassNameOf(int index) => "thing";

        public TrainingSample Load(int index)
        {
            Interlocked.Increment(ref _loads);
            return index == unreadable ? throw new ImageDecodeException($"image {index}", "it is damaged.") : Sample(index, index == 1);
        }

        public static TrainingSample Sample(int k, bool withMask) => new()
        {
            Name = $"image {k}", ClassName = "thing", IsAnomalous = k % 2 == 1,
            Image = new(8, 8, [.. Enumerable.Repeat((byte)(k * 10), 192)]),
            Mask = withMask ? [.. Enumerable.Range(0, 64).Select(i => k % 2 == 1 && i % 8 < 4)] : null,
        };
    }
}
