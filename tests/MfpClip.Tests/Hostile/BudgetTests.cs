using System.IO.Compression;
using System.Text;
using MfpClip.Imaging;
using MfpClip.Tests.Detection;
using MfpClip.Text;
using MfpClip.Weights;
using SkiaSharp;

namespace MfpClip.Tests.Hostile;

/// <summary>Small files that ask for much: each is refused, or costs what its content is worth.</summary>
public sealed class BudgetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-budget-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_vocabulary_that_unpacks_to_gigabytes_is_refused()
    {
        string path = Path.Combine(_folder, "bpe_simple_vocab_16e6.txt.gz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.SmallestSize))
        {
            byte[] letters = new byte[1 << 20];
            Array.Fill(letters, (byte)'a');
            for (int i = 0; i < 64; i++)
            {
                gzip.Write(letters); // one line
            }
        }

        Assert.True(new FileInfo(path).Length < 200_000);
        Assert.Contains("16777216 bytes", Allocating(200 << 20, () => Assert.Throws<WeightsException>(() => ClipTokenizer.FromBpeFile(path))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_vocabulary_of_a_hundred_megabytes_is_not_read()
    {
        string json = Path.Combine(_folder, "vocab.json"), merges = Path.Combine(_folder, "merges.txt");
        using (var file = File.Create(json))
        {
            file.SetLength(100 << 20);
        }

        File.WriteAllText(merges, "a b\n");

        Allocating(1 << 20, () => Assert.Throws<WeightsException>(() => ClipTokenizer.FromFiles(json, merges)));
    }

    [Fact]
    public void A_tensor_of_zeros_that_was_deflated_to_nothing_is_refused()
    {
        // {"w": torch.zeros(25_000_000)}, its storage deflated to 100 KB.
        byte[] pickle =
        [
            0x80, 2, (byte)'}', (byte)'X', 1, 0, 0, 0, (byte)'w', .. "ctorch._utils\n_rebuild_tensor_v2\n(("u8, (byte)'X', 7, 0, 0, 0, .. "storage"u8,
            .. "ctorch\nFloatStorage\n"u8, (byte)'X', 1, 0, 0, 0, (byte)'0', (byte)'X', 3, 0, 0, 0, .. "cpu"u8, (byte)'J', .. BitConverter.GetBytes(25_000_000),
            .. "tQK\0J"u8, .. BitConverter.GetBytes(25_000_000), 0x85, (byte)'K', 1, 0x85, 0x89, (byte)'}', (byte)'t', (byte)'R', (byte)'s', (byte)'.',
        ];
        string path = Path.Combine(_folder, "zeros.pt");
        using (var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
        {
            Write(zip.CreateEntry("a/data.pkl", CompressionLevel.NoCompression), pickle);
            Write(zip.CreateEntry("a/data/0", CompressionLevel.Optimal), new byte[100_000_000]);
        }

        Assert.True(new FileInfo(path).Length < 200_000);
        Assert.Contains("does not fit its data", Assert.Throws<WeightsException>(() => WeightFile.Open(path).Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_of_twenty_megabytes_is_not_parsed()
    {
        string path = Path.Combine(_folder, "x.safetensors");
        using (var file = File.Create(path))
        {
            file.Write(BitConverter.GetBytes(20L << 20));
            file.Write(Encoding.UTF8.GetBytes("{" + new string(' ', (20 << 20) - 2) + "}"));
        }

        Allocating(1 << 20, () => Assert.Throws<WeightsException>(() => WeightFile.Open(path).Dispose()));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    public void A_large_image_is_decoded_in_three_bytes_a_pixel_and_to_the_same_pixels(SKEncodedImageFormat format)
    {
        const int Side = 4200;
        byte[] encoded;
        using (var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque)))
        using (var canvas = new SKCanvas(bitmap))
        using (var paint = new SKPaint { Color = SKColors.OrangeRed, IsAntialias = true })
        {
            canvas.Clear(SKColors.DarkSlateBlue);
            canvas.DrawCircle(2000, 1900, 1500, paint);
            using var data = bitmap.Encode(format, 90);
            encoded = data.ToArray();
        }

        var limits = new ImageLimits();
        var image = Allocating((Side * Side * 3L) + (8 << 20), () => new SkiaImageDecoder().Decode(encoded, "large", limits));

        using var whole = SKBitmap.Decode(encoded);
        Assert.Equal((Side, Side), (image.Width, image.Height));
        for (int y = 0; y < Side; y += 7)
        {
            for (int x = 0; x < Side; x += 13)
            {
                var expected = whole.GetPixel(x, y);
                int at = ((y * Side) + x) * 3;
                Assert.Equal((expected.Red, expected.Green, expected.Blue), (image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]));
            }
        }
    }

    [Fact]
    public void Regions_of_a_large_image_are_the_same_whether_its_map_is_asked_for()
    {
        using var detector = ZeroShotDetectorTests.Builder().Build();
        var large = ZeroShotDetectorTests.Picture(3, 4200, 4000);
        float threshold = Middle(detector.Detect(large).ModelMap.Data);
        var with = detector.Detect(large, new() { PixelThreshold = threshold });

        var without = detector.Detect(large, new() { PixelThreshold = threshold, IncludeImageMap = false });

        Assert.NotNull(with.ImageMap);
        Assert.Null(without.ImageMap);
        Assert.NotEmpty(with.Regions);
        Assert.Equal(with.Regions.Select(r => (r.X, r.Y, r.Width, r.Height, r.Area, r.PeakX, r.PeakY)),
            without.Regions.Select(r => (r.X, r.Y, r.Width, r.Height, r.Area, r.PeakX, r.PeakY)));
    }

    [Fact]
    public void A_map_that_is_not_a_number_is_an_error_and_not_a_result()
    {
        using var inner = ZeroShotDetectorTests.Builder().Build();
        foreach (float wrong in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0.5f, 2f })
        {
            using var detector = inner.WithPass(pass => new WrongMap(pass, wrong));

            Assert.Throws<InferenceException>(() => detector.Detect(ZeroShotDetectorTests.Picture(1)));
        }
    }

    private static float Middle(float[] values) => (values.Min() + values.Max()) / 2;

    private static T Allocating<T>(long most, Func<T> action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var result = action();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, most);
        return result;
    }

    private static void Write(ZipArchiveEntry entry, byte[] content)
    {
        using var stream = entry.Open();
        stream.Write(content);
    }

    private sealed class WrongMap(MfpClip.Pipeline.IDetectionPass inner, float value) : MfpClip.Pipeline.DelegatingDetectionPass(inner)
    {
        public override (Tensor Map, Tensor Score) Run(
            MfpClip.Imaging.ImageBatch images, string className, Tensor? region, MfpClip.Execution.ForwardContext context)
        {
            var (map, score) = base.Run(images, className, region, context);
            map[0, 1, 2] = value;
            return (map, score);
        }

        public override void Dispose() => Inner.Dispose();
    }
}
