using System.Buffers.Binary;
using MfpClip.Imaging;
using SkiaSharp;

namespace MfpClip.Tests.Imaging.Rows;

public class DamagedRowsTests
{
    private static readonly SkiaImageDecoder _decoder = new();

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    [InlineData("bmp")]
    public void A_truncated_file_is_refused_at_every_length(string kind)
    {
        byte[] file = kind switch
        {
            "png" => PngFile.Random(3, 33, 47, 8, 2),
            "jpg" => SmallImages.Encoded(SKEncodedImageFormat.Jpeg, 33, 47, 90, SKColorType.Rgba8888),
            _ => SmallImages.Bitmap(24, 33, 47, 40, 0),
        };
        // The pixels of a PNG end before its compressed data (an empty block, their checksum) and the checksums of chunks do.
        int whole = kind == "png" ? file.Length - 30 : file.Length;
        for (int length = 3; length < whole; length += 7)
        {
            Assert.Null(RowFiles.OrRefused(_decoder, file[..length]));
        }

        Assert.Throws<ImageDecodeException>(() => RowFiles.ByRows(_decoder, file[..(whole - 1)]));
    }

    [Fact]
    public void Damage_is_an_error_or_changes_no_pixel_of_png()
    {
        byte[] file = PngFile.Random(4, 13, 17, 8, 6, 60, ("eXIf", new byte[20]), ("tEXt", "Raw profile type exif\0\nexif\n2\n4d4d"u8.ToArray()));
        byte[] pixels = _decoder.Decode(file, "whole", new()).Data;
        var random = new Random(1);
        for (int i = 0; i < 600; i++)
        {
            byte[] damaged = (byte[])file.Clone();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            if (RowFiles.OrRefused(_decoder, damaged) is { } read)
            {
                Assert.Equal(pixels, read.Data);
            }
        }
    }

    [Theory]
    [InlineData("jpg")]
    [InlineData("bmp")]
    public void Damage_of_other_files_ends_in_pixels_or_in_the_typed_error(string kind)
    {
        byte[] file = kind == "jpg" ? SmallImages.Encoded(SKEncodedImageFormat.Jpeg, 33, 47, 90, SKColorType.Rgba8888) : SmallImages.Bitmap(8, 33, 47, 40, 0);
        var random = new Random(1);
        for (int i = 0; i < 600; i++)
        {
            byte[] damaged = (byte[])file.Clone();
            damaged[random.Next(Math.Min(damaged.Length, 700))] = (byte)random.Next(256);
            RowFiles.OrRefused(_decoder, damaged, new() { MaximumPixels = 1_000_000, MaximumMemory = 1 << 24 });
        }
    }

    [Fact]
    public void Declared_sizes_beyond_the_limits_are_refused_before_pixels_are_allocated()
    {
        byte[] png = PngFile.Random(1, 4, 4, 8, 2);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 500_000_000);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 2);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), PngFile.Checksum(png.AsSpan(12, 17)));
        byte[] bmp = SmallImages.Bitmap(24, 4, 4, 40, 0);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(18), 500_000_000);
        byte[] small = PngFile.Random(1, 40, 25, 8, 2);

        Assert.Contains("RowLimits.MaximumMemory", Assert.Throws<ImageDecodeException>(() => RowFiles.ByRows(_decoder, png)).Message, StringComparison.Ordinal);
        Assert.Contains("RowLimits.MaximumPixels", Assert.Throws<ImageDecodeException>(() => RowFiles.ByRows(_decoder, bmp)).Message, StringComparison.Ordinal);
        Assert.NotNull(RowFiles.ByRows(_decoder, small, new() { MaximumPixels = 1000 }));
        Assert.Contains("40 x 25", Assert.Throws<ImageDecodeException>(() => RowFiles.ByRows(_decoder, small, new() { MaximumPixels = 999 })).Message,
            StringComparison.Ordinal);
    }
}
