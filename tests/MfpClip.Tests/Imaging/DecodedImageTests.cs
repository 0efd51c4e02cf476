using System.Buffers.Binary;
using MfpClip.ImageSharp;
using MfpClip.Imaging;
using SkiaSharp;

namespace MfpClip.Tests.Imaging;

public class SkiaDecodedImageTests() : DecodedImageTests(new SkiaImageDecoder());

public class ImageSharpDecodedImageTests() : DecodedImageTests(new ImageSharpDecoder());

public class TiffFallbackDecodedImageTests() : DecodedImageTests(new TiffFallbackDecoder())
{
    [Theory]
    [InlineData(1, "abcdef")]
    [InlineData(2, "cbafed")]
    [InlineData(3, "fedcba")]
    [InlineData(4, "defabc")]
    [InlineData(5, "adbecf")]
    [InlineData(6, "daebfc")]
    [InlineData(7, "fcebda")]
    [InlineData(8, "cfbead")]
    public void The_orientation_of_a_tiff_is_applied(int orientation, string expected)
    {
        byte[] tiff = Tiff(orientation);

        Assert.Equal(expected, Seen(new TiffFallbackDecoder().Decode(tiff, "x.tif", new())));
        Assert.Equal(expected, Seen(new ImageSharpDecoder().Decode(tiff, "x.tif", new())));
    }

    [Fact]
    public void A_truncated_tiff_is_refused()
    {
        byte[] tiff = Tiff(1);

        foreach (int length in new[] { 12, tiff.Length / 2, tiff.Length - 40 })
        {
            Assert.Throws<ImageDecodeException>(() => new TiffFallbackDecoder().Decode(tiff.AsMemory(0, length), "x.tif", new()));
        }
    }

    [Fact]
    public void Only_tiff_reaches_the_other_decoder()
    {
        // A TGA has no signature: ImageSharp would take it, SkiaSharp does not know it.
        using var image = new SixLabors.ImageSharp.Image<SixLabors.ImageSharp.PixelFormats.Rgb24>(4, 4);
        using var stream = new MemoryStream();
        image.Save(stream, new SixLabors.ImageSharp.Formats.Tga.TgaEncoder());

        Assert.Throws<ImageDecodeException>(() => new TiffFallbackDecoder().Decode(stream.ToArray(), "x.tif", new()));
        Assert.Equal(new SkiaImageDecoder().Name, new TiffFallbackDecoder().Name);
    }

    // A baseline TIFF by hand: 3 x 2 blocks of 8 x 8 grey pixels in one strip; the directory lies before the pixels.
    private static byte[] Tiff(int orientation)
    {
        const int Width = 24, Height = 16, Entries = 9, Start = 8 + 2 + (Entries * 12) + 4;
        (int Tag, int Type, int Value)[] directory =
        [
            (256, 3, Width), (257, 3, Height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, Start), (274, 3, orientation), (278, 3, Height),
            (279, 4, Width * Height),
        ];
        byte[] file = new byte[Start + (Width * Height)];
        "II*\0"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), 8);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(8), Entries);
        for (int i = 0; i < Entries; i++)
        {
            var entry = file.AsSpan(10 + (i * 12));
            BinaryPrimitives.WriteInt16LittleEndian(entry, (short)directory[i].Tag);
            BinaryPrimitives.WriteInt16LittleEndian(entry[2..], (short)directory[i].Type);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], 1);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], directory[i].Value);
        }

        for (int i = 0; i < Width * Height; i++)
        {
            file[Start + i] = (byte)(50 * ((i % Width / 8) + (3 * (i / Width / 8))));
        }

        return file;
    }
}

/// <summary>Images as Pillow decodes them with <c>exif_transpose</c>, whatever the decoder.</summary>
public abstract class DecodedImageTests(IImageDecoder decoder)
{
    // ImageSharp's own decoders of these are not reached.
    private bool ReadsGifAndWebp => decoder is not ImageSharpDecoder;

    [Theory]
    [InlineData(1, "abcdef")]
    [InlineData(2, "cbafed")]
    [InlineData(3, "fedcba")]
    [InlineData(4, "defabc")]
    [InlineData(5, "adbecf")]
    [InlineData(6, "daebfc")]
    [InlineData(7, "fcebda")]
    [InlineData(8, "cfbead")]
    public void The_orientation_of_png_and_webp_is_applied(int orientation, string expected)
    {
        Assert.Equal(expected, Seen(decoder.Decode(WithChunk(Encode(SKEncodedImageFormat.Png), orientation, atEnd: false), "x.png", new())));
        Assert.Equal(expected, Seen(decoder.Decode(WithChunk(Encode(SKEncodedImageFormat.Png), orientation, atEnd: true), "x.png", new())));
        byte[] webp = Extended(Encode(SKEncodedImageFormat.Webp), orientation);
        if (ReadsGifAndWebp)
        {
            Assert.Equal(expected, Seen(decoder.Decode(webp, "x.webp", new())));
        }
        else
        {
            Assert.Throws<ImageDecodeException>(() => decoder.Decode(webp, "x.webp", new()));
        }
    }

    [Fact]
    public void What_follows_the_end_of_a_png_does_not_turn_it()
    {
        byte[] png = Encode(SKEncodedImageFormat.Png), turned = WithChunk(png, 6, atEnd: false);
        byte[] chunk = turned[33..(33 + turned.Length - png.Length)]; // eXIf, as it would turn the image before IEND

        Assert.Equal(Seen(decoder.Decode(png, "x.png", new())), Seen(decoder.Decode((byte[])[.. png, .. chunk], "x.png", new())));
        Assert.NotEqual(Seen(decoder.Decode(png, "x.png", new())), Seen(decoder.Decode(turned, "x.png", new())));
    }

    [Fact]
    public void A_damaged_orientation_leaves_the_image_as_it_is()
    {
        byte[] png = WithChunk(Encode(SKEncodedImageFormat.Png), 6, atEnd: false);
        int at = png.AsSpan().IndexOf("eXIf"u8);
        foreach (int offset in new[] { 4, 8, 11, 12, 14, 22 })
        {
            byte[] damaged = (byte[])png.Clone();
            damaged.AsSpan(at + offset, 2).Fill(0xff);
            BinaryPrimitives.WriteUInt32BigEndian(damaged.AsSpan(at + 30), Crc(damaged.AsSpan(at, 30)));

            Assert.Contains(Seen(decoder.Decode(damaged, "x.png", new())), new[] { "abcdef", "daebfc" });
        }
    }

    [Fact]
    public void Transparent_pixels_have_the_colour_that_the_file_gives_them()
    {
        // 2 x 2 pixels of a palette of four; index 1 is transparent. The codes 4 and 5 clear and end; all codes have three bits.
        byte[] gif =
        [
            .. "GIF89a"u8, 2, 0, 2, 0, 0x81, 0, 0, 10, 20, 30, 200, 100, 50, 70, 80, 90, 1, 2, 3,
            0x21, 0xf9, 4, 1, 0, 0, 1, 0, 0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, .. Packed(4, 0, 1, 4, 1, 2, 5), 0, 0x3b,
        ];

        if (ReadsGifAndWebp)
        {
            Assert.Equal([10, 20, 30, 200, 100, 50, 200, 100, 50, 70, 80, 90], decoder.Decode(gif, "x.gif", new()).Data);
        }
        else
        {
            Assert.Throws<ImageDecodeException>(() => decoder.Decode(gif, "x.gif", new()));
        }
    }

    [SkippableTheory]
    [InlineData("exif6.jpg")]
    [InlineData("exif6.png")]
    [InlineData("exif6.webp")]
    public void Every_format_is_turned_alike(string name)
    {
        Skip.If(name.EndsWith(".webp", StringComparison.Ordinal) && !ReadsGifAndWebp, "MfpClip.ImageSharp does not read WebP.");
        string folder = SharedCases.Folder("decode");
        var (raw, turned) = (Read(folder, "base.jpg"), Read(folder, name));

        Assert.Equal((raw.Height, raw.Width), (turned.Width, turned.Height));
        double difference = Enumerable.Range(0, raw.Width * raw.Height).Average(i =>
        {
            int x = i % raw.Width, y = i / raw.Width;
            return Math.Abs(raw.Data[i * 3] - turned.Data[((x * turned.Width) + (turned.Width - 1 - y)) * 3]);
        });
        Assert.True(difference < 6, $"{name}: {difference}");
    }

    [SkippableTheory]
    [InlineData("trunc.jpg")]
    [InlineData("trunc.png")]
    public void Truncated_files_are_refused(string name) =>
        Assert.Throws<ImageDecodeException>(() => Read(SharedCases.Folder("decode"), name));

    protected static string Seen(RgbImage image)
    {
        int block = image.Width * 2 == image.Height * 3 ? image.Width / 3 : image.Width / 2;
        int across = image.Width / block;
        return string.Concat(Enumerable.Range(0, 6).Select(i => (char)('a' + (int)Math.Round(
            image.Data[(((i / across * block) + (block / 2)) * image.Width + (i % across * block) + (block / 2)) * 3] / 50.0))));
    }

    private RgbImage Read(string folder, string name) => decoder.Decode(File.ReadAllBytes(Path.Combine(folder, name)), name, new());

    // A 3 x 2 image of six greys, each a block of 8 x 8; a b c / d e f.
    private static byte[] Encode(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(24, 16);
        for (int i = 0; i < 24 * 16; i++)
        {
            byte g = (byte)(50 * ((i % 24 / 8) + (3 * (i / 24 / 8))));
            bitmap.SetPixel(i % 24, i / 24, new SKColor(g, g, g));
        }

        using var pixels = bitmap.PeekPixels();
        using var data = format == SKEncodedImageFormat.Webp ? pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 50))
            : pixels.Encode(format, 100);
        return data!.ToArray();
    }

    private static byte[] Exif(int orientation) =>
        [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];

    private static byte[] WithChunk(byte[] png, int orientation, bool atEnd)
    {
        byte[] body = [.. "eXIf"u8, .. Exif(orientation)];
        byte[] chunk = new byte[body.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length - 4);
        body.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc(body));
        int at = atEnd ? png.Length - 12 : 33;
        return [.. png[..at], .. chunk, .. png[at..]];
    }

    // The file in WebP's extended form: a heading with the size and the mark of EXIF, the image as it was, and EXIF at the end.
    private static byte[] Extended(byte[] webp, int orientation)
    {
        byte[] exif = Exif(orientation);
        byte[] body =
        [
            .. "WEBPVP8X"u8, 10, 0, 0, 0, 0x08, 0, 0, 0, 23, 0, 0, 15, 0, 0, .. webp[12..], .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif,
        ];
        byte[] file = [.. "RIFF"u8, 0, 0, 0, 0, .. body];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), body.Length);
        return file;
    }

    private static byte[] Packed(params int[] codes)
    {
        long bits = codes.Select((c, i) => (long)c << (3 * i)).Sum();
        int length = ((codes.Length * 3) + 7) / 8;
        return [(byte)length, .. Enumerable.Range(0, length).Select(i => (byte)(bits >> (8 * i)))];
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
}
