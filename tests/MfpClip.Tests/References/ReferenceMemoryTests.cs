using MfpClip.Backbones.Dino;
using MfpClip.Imaging;
using MfpClip.Methods.AnomalyDino;
using MfpClip.Methods.PatchCore;
using MfpClip.Methods.SubspaceAd;
using MfpClip.References;

namespace MfpClip.Tests.References;

/// <summary>What is held of thousands of references stays below a bound, while they are read and afterwards.</summary>
public sealed class ReferenceMemoryTests
{
    private const long Gigabyte = 1L << 30;

    // 37 x 37 patches of 518 px. Rows count, whatever their width: they are counted at width 1 and charged at the published one.
    [Theory]
    [InlineData(384)]
    [InlineData(768)]
    [InlineData(1024)]
    [InlineData(1536)]
    public void Ten_thousand_images_of_518_pixels_take_less_than_a_gigabyte_beside_the_network(int width)
    {
        const int images = 10_000, side = 37, patches = side * side;
        using var detector = Model("anomaly-dino", new DinoConfig { Width = width, Layers = 1, Heads = 1, ImageSize = 28 }, 28).Build();
        var scheme = Scheme(detector);
        var options = scheme.Resolve(null);
        using var tokens = torch.zeros(patches, 1);
        var entries = new List<ReferenceEntry>();
        long most = 0;
        int[] cells = [.. Enumerable.Range(0, patches)];
        for (int i = 0; i < images; i++)
        {
            entries.Add(new($"{i:x16}", $"photo {i}", 518, 518, side, side, tokens.clone(), cells, new float[patches], 0));
            ReferenceEntry.Bound(entries, 0, options);
            if (i % 100 == 99 || i < 500)
            {
                most = Math.Max(most, Bytes(entries, width));
            }
        }

        // The bank cuts once more, and its model has a copy of the tokens.
        int each = Math.Max(options.MaximumTokens / images, 1);
        long model = Math.Min(entries.Sum(e => Math.Min(e.Cells.Length, each)), options.MaximumTokens) * 4L * width;
        entries.ForEach(e => e.Dispose());
        Assert.InRange(most + model, 100 << 20, Gigabyte);
    }

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("patchcore")]
    [InlineData("subspace-ad")]
    [InlineData("winclip")]
    public void Two_thousand_small_photos_are_held_in_bounds_and_all_have_a_say(string method)
    {
        const int images = 2000, tokens = 2500;
        using var detector = Model(method, Tiny, 28).Build();
        var inputs = Enumerable.Range(0, images).Select(i => ImageInput.FromPixels(Photo(i), $"photo {i}")).ToList();
        int most = 0;

        var scheme = Scheme(detector);
        var options = scheme.Resolve(new() { MaximumTokens = tokens });
        var entries = new List<ReferenceEntry>();
        var reader = new ReferenceReader(scheme, detector.Input, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, options);
        foreach (var _ in reader.Add(inputs, entries, [], default))
        {
            most = Math.Max(most, entries.Sum(e => e.Cells.Length));
        }

        Assert.Equal(images, entries.Count);
        Assert.True(most <= (2 * tokens) + 64, $"{most} tokens were held, {tokens} are allowed");
        using var bank = new MemoryBank(scheme, entries, options, torch.CPU, []);
        entries.ForEach(e => e.Dispose());
        Assert.InRange(bank.Entries.Sum(e => e.Cells.Length), images, tokens);
        Assert.Equal(images, bank.Summary.Images.Count);
        Assert.All(bank.Summary.Images, i => Assert.True(float.IsFinite(i.Distance)));
    }

    [Fact]
    public void Moments_of_a_subspace_are_merged_before_they_pass_the_bound_and_the_subspace_stays_the_same()
    {
        // 384 x 384 values of 8 bytes an image: 256 MB hold 227 of them.
        const int images = 260, width = 384;
        var config = new DinoConfig { Width = width, Layers = 1, Heads = 6, ImageSize = 28 };
        using var detector = Model("subspace-ad", config, 28).Build();
        var scheme = Scheme(detector);
        var options = scheme.Resolve(null);
        var entries = new List<ReferenceEntry>();
        var reader = new ReferenceReader(scheme, detector.Input, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, options);
        long most = 0, tokens = 0;
        foreach (var _ in reader.Add([.. Enumerable.Range(0, images).Select(i => ImageInput.FromPixels(Photo(i), $"{i}"))], entries, [], default))
        {
            most = Math.Max(most, entries.Sum(e => e.Others.Values.Sum(o => o.NumberOfElements * 8)));
        }

        tokens = entries.Sum(e => (long)e.Rows * e.Columns);
        using var model = scheme.Learn(entries, options, torch.CPU);
        Assert.InRange(most, 200 << 20, (256 << 20) + (4L << 20));
        Assert.Equal(tokens, model.Tokens);
        entries.ForEach(e => e.Dispose());
    }

    private static long Bytes(List<ReferenceEntry> entries, int width) =>
        entries.Sum(e => ((e.Tokens.shape[0] + e.Others.Values.Sum(o => o.shape[0])) * 4L * width) + (4L * (e.Cells.Length + e.Map.Length)) + 500);

    private static IReferenceScheme Scheme(ZeroShotDetector detector) => ReferencedPass.SchemeOf(detector.Pass);

    private static ZeroShotDetectorBuilder Model(string method, DinoConfig config, int size)
    {
        var builder = new ZeroShotDetectorBuilder();
        return method switch
        {
            "anomaly-dino" => builder.UseRandomDinoBackbone(config, 1).UseAnomalyDino(new() { ShorterSide = size, Rotations = [0] }),
            "subspace-ad" => builder.UseRandomDinoBackbone(config, 1).UseSubspaceAd(new() { ImageSize = size, RotatedCopies = 0 }),
            "patchcore" => builder.UseCnn(new MfpClip.Backbones.Cnn.ResNetOptions
            {
                Architecture = MfpClip.Backbones.Cnn.ResNetArchitecture.ResNet18, RandomSeed = 1,
            }).UsePatchCore(new() { Width = 16, StageWidth = 16 }).WithImageSize(size),
            _ => builder.UseRandomBackbone(new()
            {
                EmbedDim = 16, Activation = MfpClip.Kernels.MlpActivation.QuickGelu,
                Vision = new() { ImageSize = 56, PatchSize = 14, Width = 32, Layers = 2, Heads = 2 },
                Text = new() { VocabSize = 49408, Width = 16, Layers = 1, Heads = 2 },
            }, 1).UseMethod(method).WithImageSize(56),
        };
    }

    private static DinoConfig Tiny { get; } = new() { Width = 16, Layers = 2, Heads = 2, ImageSize = 28 };

    private static RgbImage Photo(int seed)
    {
        var pixels = new byte[28 * 28 * 3];
        new Random(seed).NextBytes(pixels);
        return new(28, 28, pixels);
    }
}
