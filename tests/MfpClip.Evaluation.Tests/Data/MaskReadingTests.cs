using MfpClip.Data;
using MfpClip.Imaging;
using SkiaSharp;

namespace MfpClip.Evaluation.Tests.Data;

/// <summary>Masks as labelling tools write them. The defect of every one is the same rectangle: 3 x 2 pixels at (1, 2) of 11 x 6.</summary>
public sealed class MaskReadingTests : IDisposable
{
    private const int Width = 11, Height = 6;
    private readonly TemporaryFolder _folder = new();
    private readonly SampleReader _reader = new(new SkiaImageDecoder());

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(2, 0, 1)]
    [InlineData(4, 0, 3)]
    [InlineData(8, 0, 1)]
    [InlineData(8, 0, 255)]
    [InlineData(16, 0, 1)]
    [InlineData(16, 0, 255)]
    [InlineData(16, 0, 256)]
    [InlineData(8, 2, 1)]
    [InlineData(16, 2, 7)]
    public void Whatever_is_not_black_is_defect_in_every_depth(int depth, int type, int value)
    {
        foreach (bool interlaced in new[] { false, true })
        {
            for (byte filter = 0; filter < 5; filter++)
            {
                var png = new RawPng(Width, Height, depth, type) { Interlaced = interlaced, Filter = filter };
                Check(png.Encode((x, y, _) => Defect(x, y) ? value : 0), MaskNotices.None);
            }
        }
    }

    [Fact]
    public void A_colour_of_one_channel_is_not_black() =>
        Check(new RawPng(Width, Height, 8, 2).Encode((x, y, c) => Defect(x, y) && c == 2 ? 1 : 0), MaskNotices.None);

    [Theory]
    [InlineData(0, 255)]
    [InlineData(255, 255)]
    [InlineData(0, 1)]
    public void A_mask_that_is_in_the_alpha_channel_only_is_read_from_it(int colour, int alpha)
    {
        byte[] rgba = new RawPng(Width, Height, 8, 6).Encode((x, y, c) => c < 3 ? colour : Defect(x, y) ? alpha : 0);
        byte[] grey = new RawPng(Width, Height, 16, 4).Encode((x, y, c) => c < 1 ? colour : Defect(x, y) ? alpha : 0);

        Check(rgba, MaskNotices.FromAlpha);
        Check(grey, MaskNotices.FromAlpha);
    }

    [Fact]
    public void Alpha_that_says_nothing_is_passed_by()
    {
        Check(new RawPng(Width, Height, 8, 6).Encode((x, y, c) => c == 3 ? 255 : Defect(x, y) ? 255 : 0), MaskNotices.None);
        Check(new RawPng(Width, Height, 8, 6).Encode((x, y, c) => c == 3 ? 0 : Defect(x, y) ? 255 : 0), MaskNotices.None);
        Check(new RawPng(Width, Height, 8, 6).Encode((x, y, _) => Defect(x, y) ? 255 : 0), MaskNotices.None);
    }

    [Fact]
    public void Alpha_that_is_not_clear_is_refused()
    {
        string mask = Write(new RawPng(Width, Height, 8, 6).Encode((x, y, c) => c < 3 ? 0 : Defect(x, y) ? 255 : 64));

        var e = Assert.Throws<DataSetException>(() => _reader.Load(Sample(mask)));

        Assert.Equal((DataSetFault.Malformed, mask), (e.Fault, e.Path));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public void A_palette_counts_by_its_colours_and_where_they_do_not_tell_by_its_indices(int depth)
    {
        var png = new RawPng(Width, Height, depth, 3);
        byte[] Encoded(RawPng of, int defect, int other) => of.Encode((x, y, _) => Defect(x, y) ? defect : other);

        Check(Encoded(png with { Palette = [0, 0, 0, 128, 0, 0] }, 1, 0), MaskNotices.None);
        Check(Encoded(png with { Palette = [9, 9, 9, 0, 0, 0] }, 0, 1), MaskNotices.None);
        Check(Encoded(png with { Palette = [0, 0, 0, 0, 0, 0] }, 1, 0), MaskNotices.FromIndices);
        Check(Encoded(png with { Palette = [255, 255, 255, 255, 0, 0] }, 1, 0), MaskNotices.FromIndices);
        Check(Encoded(png with { Palette = [255, 255, 255, 255, 255, 255], Transparency = [0, 255] }, 1, 0), MaskNotices.FromIndices);
    }

    [Fact]
    public void A_lossy_mask_counts_from_half_brightness_and_is_said()
    {
        using var bitmap = new SKBitmap(64, 48);
        bitmap.Erase(SKColors.Black);
        for (int i = 0; i < 16 * 16; i++)
        {
            bitmap.SetPixel(16 + (i % 16), 16 + (i / 16), SKColors.White);
        }

        foreach (var format in new[] { SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Webp })
        {
            using var encoded = bitmap.Encode(format, 60);
            string mask = _folder[$"lossy.{format}"];
            File.WriteAllBytes(mask, encoded.ToArray());

            var loaded = _reader.Load(Sample(mask, 64, 48));

            Assert.Equal(MaskNotices.Lossy, loaded.Notices);
            Assert.Equal(256, loaded.Mask!.Data.Count(v => v));
        }
    }

    [Theory]
    [InlineData(0, MaskNotices.Black)]
    [InlineData(255, MaskNotices.Full)]
    public void A_mask_of_one_value_says_nothing_about_the_place(int value, MaskNotices notice)
    {
        var loaded = _reader.Load(Sample(Write(new RawPng(Width, Height, 8, 0).Encode((_, _, _) => value))));

        Assert.Null(loaded.Mask);
        Assert.Equal(notice, loaded.Notices);
    }

    [Fact]
    public void A_mask_carries_its_own_orientation()
    {
        // Stored lying; orientation 6 turns it clockwise: (x, y) upright is (y, height - 1 - x) stored.
        var png = new RawPng(Height, Width, 8, 0) { Orientation = 6 };
        var raw = new RawPng(Height, Width, 8, 0) { Orientation = 1 };

        Check(png.Encode((x, y, _) => Defect(Width - 1 - y, x) ? 1 : 0), MaskNotices.None);
        Assert.Throws<DataSetException>(() => _reader.Load(Sample(Write(raw.Encode((x, y, _) => 1)))));
    }

    [Fact]
    public void What_follows_the_end_of_a_mask_does_not_turn_it()
    {
        int Value(int x, int y) => Defect(x, y) ? 1 : 0;
        byte[] upright = new RawPng(Width, Height, 8, 0).Encode((x, y, _) => Value(x, y));
        byte[] turned = (new RawPng(Width, Height, 8, 0) { Orientation = 6 }).Encode((x, y, _) => Value(x, y));
        byte[] chunk = turned[33..(33 + turned.Length - upright.Length)]; // eXIf, as it would turn the mask before IEND

        Check([.. upright, .. chunk], MaskNotices.None);
    }

    [Fact]
    public void Damaged_masks_and_bits_that_a_decoder_loses_are_refused()
    {
        byte[] png = new RawPng(Width, Height, 8, 0).Encode((x, y, _) => Defect(x, y) ? 1 : 0);
        byte[] tiff = [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0, 1, 0, 2, 1, 3, 0, 1, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0];

        byte[] bigTiff = [0x49, 0x49, 0x2b, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        foreach (byte[] damaged in new[] { png[..40], png[..^20], tiff, bigTiff, [.. "no image at all"u8] })
        {
            string mask = Write(damaged);
            var e = Assert.Throws<DataSetException>(() => _reader.Load(Sample(mask)));
            Assert.Equal((DataSetFault.UnreadableImage, mask), (e.Fault, e.Path));
        }
    }

    [SkippableTheory]
    [InlineData("m16_1", MaskNotices.None)]
    [InlineData("m16_255", MaskNotices.None)]
    [InlineData("m8_1", MaskNotices.None)]
    [InlineData("bit1", MaskNotices.None)]
    [InlineData("pal", MaskNotices.None)]
    [InlineData("alpha_black", MaskNotices.FromAlpha)]
    [InlineData("jpeg", MaskNotices.Lossy)]
    public void The_masks_of_the_cases_are_those_of_m8_255(string name, MaskNotices notices)
    {
        var (read, right) = (Load(name), Load("m8_255"));

        Assert.All(read, r => Assert.Equal(notices, r.Notices));
        Assert.All(read.Zip(right), p => Assert.Equal(p.Second.Mask!.Data, p.First.Mask!.Data));
        Assert.All(right, r => Assert.InRange(r.Mask!.Data.Count(v => v), 1, (64 * 64) - 1));
    }

    [SkippableFact]
    public void A_black_mask_of_the_cases_is_left_out() =>
        Assert.Equal([MaskNotices.None, MaskNotices.Black], Load("blackmask").Select(l => l.Notices));

    [SkippableFact]
    public void Masks_of_unturned_pixels_are_told_from_upright_ones()
    {
        LoadedSample[] Orientation(string name) => [.. DataSetReader.Open(SharedCases.Folder($"orientation/{name}")).Categories[0].Test
            .Where(s => s.IsAnomalous).Select(_reader.Load)];

        Assert.All(Orientation("square_upright_mask"), l => Assert.Equal(MaskNotices.Turned, l.Notices));
        Assert.All(Orientation("square_raw_mask"), l => Assert.Equal(MaskNotices.Turned | MaskNotices.FitsUnturned, l.Notices));
        var e = Assert.Throws<DataSetException>(() => Orientation("wide_raw_mask"));
        Assert.Equal(DataSetFault.SizeMismatch, e.Fault);
        Assert.Contains("mask is 90 x 60", e.Message, StringComparison.Ordinal);
        Assert.Contains("EXIF orientation 6", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Swapped_sizes_without_EXIF_are_said_too()
    {
        string mask = Write(new RawPng(Height, Width, 8, 0).Encode((_, _, _) => 1));

        var e = Assert.Throws<DataSetException>(() => _reader.Load(Sample(mask)));

        Assert.Contains("Width and height are swapped", e.Message, StringComparison.Ordinal);
    }

    private static bool Defect(int x, int y) => x is >= 1 and < 4 && y is >= 2 and < 4;

    private LoadedSample[] Load(string name) =>
        [.. DataSetReader.Open(SharedCases.Folder($"masks/{name}")).Categories[0].Test.Where(s => s.IsAnomalous).Select(_reader.Load)];

    private void Check(byte[] encoded, MaskNotices notices)
    {
        var loaded = _reader.Load(Sample(Write(encoded)));

        Assert.Equal(notices, loaded.Notices);
        Assert.Equal(Enumerable.Range(0, Width * Height).Select(i => Defect(i % Width, i / Width)), loaded.Mask!.Data);
    }

    private string Write(byte[] encoded)
    {
        string path = _folder["mask.png"];
        File.WriteAllBytes(path, encoded);
        return path;
    }

    private AnomalySample Sample(string mask, int width = Width, int height = Height) => new()
    {
        Category = "part", Split = DataSplit.Test, IsAnomalous = true, ImagePath = _folder.Picture("image.png", width, height), MaskPath = mask,
    };
}
