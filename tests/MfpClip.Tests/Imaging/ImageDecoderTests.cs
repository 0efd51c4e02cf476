using System.Buffers.Binary;
using MfpClip.Data.Procedural.Camera;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.ImageSharp;
using MfpClip.Imaging;
using MfpClip.Tests.Backbones.Clip;
using SkiaSharp;

namespace MfpClip.Tests.Imaging;

public class SkiaImageDecoderTests() : ImageDecoderTests(new SkiaImageDecoder());

public class ImageSharpDecoderTests() : ImageDecoderTests(new ImageSharpDecoder())
{
    [Fact]
    public void Tiff_and_sixteen_bit_samples_decode()
    {
        using var image = new SixLabors.ImageSharp.Image<SixLabors.ImageSharp.PixelFormats.Rgb48>(3, 2);
        image[1, 1] = new(65535, 32768, 257);
        using var stream = new MemoryStream();
        foreach (SixLabors.ImageSharp.Formats.IImageEncoder encoder in new SixLabors.ImageSharp.Formats.IImageEncoder[]
        {
            new SixLabors.ImageSharp.Formats.Png.PngEncoder { BitDepth = SixLabors.ImageSharp.Formats.Png.PngBitDepth.Bit16 },
            new SixLabors.ImageSharp.Formats.Tiff.TiffEncoder(),
        })
        {
            stream.SetLength(0);
            image.Save(stream, encoder);

            var decoded = new ImageSharpDecoder().Decode(stream.ToArray(), "x", new());

            Assert.Equal((3, 2), (decoded.Width, decoded.Height));
            Assert.Equal([0, 0, 0, 255, 128, 1], decoded.Data[9..15]);
        }
    }

    [Fact]
    public void Formats_of_which_it_cannot_tell_whether_they_are_whole_are_refused()
    {
        using var image = new SixLabors.ImageSharp.Image<SixLabors.ImageSharp.PixelFormats.Rgb24>(8, 8);
        foreach (SixLabors.ImageSharp.Formats.IImageEncoder encoder in new SixLabors.ImageSharp.Formats.IImageEncoder[]
        {
            new SixLabors.ImageSharp.Formats.Tga.TgaEncoder(), new SixLabors.ImageSharp.Formats.Pbm.PbmEncoder(),
            new SixLabors.ImageSharp.Formats.Gif.GifEncoder(), new SixLabors.ImageSharp.Formats.Webp.WebpEncoder(),
            new SixLabors.ImageSharp.Formats.Png.PngEncoder { InterlaceMethod = SixLabors.ImageSharp.Formats.Png.PngInterlaceMode.Adam7 },
        })
        {
            using var stream = new MemoryStream();
            image.Save(stream, encoder);

            Assert.Throws<ImageDecodeException>(() => new ImageSharpDecoder().Decode(stream.ToArray(), "x", new()));
        }
    }

    [Fact]
    public void The_builder_takes_it()
    {
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(ClipBackboneTests.Tiny with
        {
            Text = ClipBackboneTests.Tiny.Text with { VocabSize = 49408, ContextLength = 77 },
        })
            .WithImageSize(28).WithoutImageToTextPrompt().WithoutSelfPrompt().UseImageSharp().Build();

        Assert.Equal("ImageSharp", detector.Description.Stages[0].Options["decoder"]);
    }
}

/// <summary>What every decoder must do.</summary>
public abstract class ImageDecoderTests(IImageDecoder decoder)
{
    private IImageDecoder Decoder => decoder;

    [Theory]
    [InlineData(1, "abcdef", 3, 2)]
    [InlineData(2, "cbafed", 3, 2)]
    [InlineData(3, "fedcba", 3, 2)]
    [InlineData(4, "defabc", 3, 2)]
    [InlineData(5, "adbecf", 2, 3)]
    [InlineData(6, "daebfc", 2, 3)]
    [InlineData(7, "fcebda", 2, 3)]
    [InlineData(8, "cfbead", 2, 3)]
    public void Exif_orientation_is_applied(int orientation, string expected, int width, int height)
    {
        // A 3 x 2 image of six greys, each an 8 x 8 block so that JPEG keeps it; a b c / d e f.
        var image = Decoder.Decode(WithExif(Jpeg(), orientation), "x", new());

        Assert.Equal((width * 16, height * 16), (image.Width, image.Height));
        string seen = string.Concat(Enumerable.Range(0, 6).Select(i =>
            (char)('a' + (int)Math.Round(image.Data[(((i / width * 16) + 8) * image.Width + (i % width * 16) + 8) * 3] / 50.0))));
        Assert.Equal(expected, seen);
    }

    [Fact]
    public void Truncated_files_are_an_error_never_half_a_picture()
    {
        foreach (byte[] whole in new[] { Jpeg(), Png(64, 64) })
        {
            foreach (double part in new[] { 0.1, 0.5, 0.8 })
            {
                var e = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(whole[..(int)(whole.Length * part)], "cut.img", new()));
                Assert.Contains("cut.img", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_huge_declared_size_is_refused_before_pixels_are_allocated()
    {
        byte[] png = Png(4, 4);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 30000);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 30000);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc(png.AsSpan(12, 17)));
        long before = GC.GetAllocatedBytesForCurrentThread();

        var e = Assert.Throws<ImageDecodeException>(() => Decoder.Decode(png, "bomb.png", new()));

        Assert.Contains("30000 x 30000", e.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not an image at all")]
    public void What_is_no_image_is_named(string content) =>
        Assert.Contains("a.txt", Assert.Throws<ImageDecodeException>(() =>
            Decoder.Decode(System.Text.Encoding.ASCII.GetBytes(content), "a.txt", new())).Message, StringComparison.Ordinal);

    [Fact]
    public void Byte_flips_give_an_image_or_the_typed_error()
    {
        var random = new Random(3);
        foreach (byte[] whole in new[] { Jpeg(), Png(40, 30) })
        {
            for (int i = 0; i < 300; i++)
            {
                var bytes = (byte[])whole.Clone();
                for (int n = 0; n < 4; n++)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                try
                {
                    Decoder.Decode(bytes, "x", new() { MaximumPixels = 1_000_000 });
                }
                catch (ImageDecodeException)
                {
                    // The typed error is the other allowed outcome.
                }
            }
        }
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xedb88320u);
            }
        }

        return ~crc;
    }

    private static byte[] Jpeg() => Encode(48, 32, (x, y) => (byte)(50 * ((x / 16) + (3 * (y / 16)))), SKEncodedImageFormat.Jpeg);

    private static byte[] Png(int width, int height) => Encode(width, height, (x, y) => (byte)(((x * 31) ^ (y * 17)) * 7), SKEncodedImageFormat.Png);

    private static byte[] Encode(int width, int height, Func<int, int, byte> grey, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                byte g = grey(x, y);
                bitmap.SetPixel(x, y, new SKColor(g, g, g));
            }
        }

        using var data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    private static byte[] WithExif(byte[] jpeg, int orientation)
    {
        byte[] segment =
        [
            0xff, 0xe1, 0, 34, (byte)'E', (byte)'x', (byte)'i', (byte)'f', 0, 0,
            (byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0,
        ];
        return [.. jpeg[..2], .. segment, .. jpeg[2..]];
    }
}
