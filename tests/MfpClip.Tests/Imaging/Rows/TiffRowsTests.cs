using BitMiracle.LibTiff.Classic;
using MfpClip.ImageSharp;
using MfpClip.Tiff;
using LibTiff = BitMiracle.LibTiff.Classic.Tiff;
using Tag = BitMiracle.LibTiff.Classic.TiffTag;

namespace MfpClip.Tests.Imaging.Rows;

public class TiffRowsTests
{
    private static readonly TiffImageDecoder _decoder = new();

    public static TheoryData<string> Storages => new(Kinds.Keys);

    // Every way of storing the same RGB samples.
    private static Dictionary<string, TiffFile> Kinds => new()
    {
        ["strips"] = new(),
        ["one strip"] = new() { RowsPerStrip = 17 },
        ["big-endian"] = new() { Little = false },
        ["BigTIFF"] = new() { Big = true },
        ["big-endian BigTIFF"] = new() { Big = true, Little = false, Compression = 8 },
        ["big-endian, Deflate, predictor"] = new() { Little = false, Compression = 8, Predictor = 2, RowsPerStrip = 17 },
        ["big-endian, tiles, planes, predictor"] = new() { Little = false, Compression = 8, Predictor = 2, TileWidth = 16, TileLength = 16, Separate = true },
        ["tiles"] = new() { TileWidth = 16, TileLength = 16 },
        ["tiles, Deflate, predictor"] = new() { TileWidth = 16, TileLength = 32, Compression = 8, Predictor = 2 },
        ["Deflate"] = new() { Compression = 8 },
        ["Deflate, predictor"] = new() { Compression = 8, Predictor = 2 },
        ["PackBits"] = new() { Compression = 32773 },
        ["planes"] = new() { Separate = true },
        ["planes, Deflate, predictor, one strip"] = new() { Separate = true, Compression = 8, Predictor = 2, RowsPerStrip = 17 },
        ["planes, tiles, PackBits"] = new() { Separate = true, Compression = 32773, TileWidth = 16, TileLength = 16 },
        ["alpha"] = new() { Samples = 4, Extra = 2 },
        ["alpha, planes"] = new() { Samples = 4, Extra = 2, Separate = true },
        ["two more samples"] = new() { Samples = 5, Compression = 8, Predictor = 2 },
        ["lowest bit first"] = new() { FillOrder = 2 },
    };

    [Theory]
    [MemberData(nameof(Storages))]
    public void Every_way_of_storing_gives_the_same_pixels(string kind)
    {
        foreach (int bits in new[] { 8, 16 })
        {
            byte[] file = (Kinds[kind] with { Bits = bits }).Write((x, y, c) => Sample(x, y, c) << (bits - 8) | (bits > 8 ? (x * 37) & 255 : 0));

            Assert.Equal(Pixels((x, y, c) => Sample(x, y, c)), RowFiles.ByRows(_decoder, file)!.Data);
            RowFiles.SameAsWhole(_decoder, file);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Grey_of_every_depth_and_white_as_zero(int bits)
    {
        int most = (1 << bits) - 1;
        int Grey(int x, int y) => ((x * 31) + (y * 7)) & most;
        byte Expected(int v) => (byte)(bits == 16 ? v >> 8 : v * 255 / most);
        var grey = new TiffFile { Bits = bits, Samples = 1, Photometric = 1 };

        foreach (var kind in new[] { grey, grey with { Compression = 8 }, grey with { TileWidth = 32, TileLength = 16 } })
        {
            Assert.Equal(Pixels((x, y, c) => Expected(Grey(x, y))), RowFiles.ByRows(_decoder, kind.Write((x, y, c) => Grey(x, y)))!.Data);
            Assert.Equal(Pixels((x, y, c) => (byte)(255 - Expected(Grey(x, y)))),
                RowFiles.ByRows(_decoder, (kind with { Photometric = 0 }).Write((x, y, c) => Grey(x, y)))!.Data);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public void A_palette_gives_its_colours(int bits)
    {
        int count = 1 << bits;
        int Color(int index, int c) => (index * 13 + c * 71) & 255;
        int Index(int x, int y) => (x + (y * 5)) % count;
        var map = Enumerable.Range(0, 3 * count).Select(i => (long)Color(i % count, i / count)).ToArray();
        var file = new TiffFile { Bits = bits, Samples = 1, Photometric = 3 };

        byte[] expected = Pixels((x, y, c) => Color(Index(x, y), c));
        // Colours have 16 bits; of files that use only the lower eight those count.
        foreach (long[] colors in new[] { [.. map.Select(v => v << 8 | 99)], map })
        {
            byte[] bytes = (file with { Entries = [(320, 3, colors)] }).Write((x, y, c) => Index(x, y));
            Assert.Equal(expected, RowFiles.ByRows(_decoder, bytes)!.Data);
        }
    }

    [Fact]
    public void Colours_multiplied_by_alpha_are_divided_by_it()
    {
        byte[] file = new TiffFile { Samples = 4, Extra = 1 }.Write((x, y, c) => c == 3 ? (x % 3 == 0 ? 0 : x % 3 == 1 ? 128 : 255) : 50 + c);

        Assert.Equal(Pixels((x, y, c) => x % 3 == 0 ? 0 : x % 3 == 1 ? (50 + c) * 255 / 128 : 50 + c), RowFiles.ByRows(_decoder, file)!.Data);
    }

    [Theory]
    [InlineData(1, "abc/def")]
    [InlineData(2, "cba/fed")]
    [InlineData(3, "fed/cba")]
    [InlineData(4, "def/abc")]
    [InlineData(5, "ad/be/cf")]
    [InlineData(6, "da/eb/fc")]
    [InlineData(7, "fc/eb/da")]
    [InlineData(8, "cf/be/ad")]
    public void A_turned_image_is_decoded_whole(int orientation, string expected)
    {
        var file = new TiffFile { Width = 3, Height = 2, Samples = 1, Photometric = 1, Entries = [TiffFile.Orientation(orientation)] };
        byte[] bytes = file.Write((x, y, c) => 'a' + x + (3 * y));

        var image = _decoder.Decode(bytes, "turned", new());

        string seen = string.Concat(image.Data.Where((_, i) => i % 3 == 0).Select((b, i) => (i > 0 && i % image.Width == 0 ? "/" : string.Empty) + (char)b));
        Assert.Equal(expected, seen);
        Assert.Equal(orientation == 1, RowFiles.ByRows(_decoder, bytes) is not null);
    }

    [Theory]
    [InlineData(Compression.LZW, Photometric.RGB, 0)]
    [InlineData(Compression.LZW, Photometric.RGB, 32)]
    [InlineData(Compression.JPEG, Photometric.RGB, 0)]
    [InlineData(Compression.JPEG, Photometric.YCBCR, 0)]
    [InlineData(Compression.JPEG, Photometric.YCBCR, 32)]
    [InlineData(Compression.JPEG, Photometric.MINISBLACK, 0)]
    public void What_libtiff_writes_is_read(Compression compression, Photometric photometric, int tile)
    {
        byte[] file = Written(compression, photometric, tile, out byte[] written);

        var image = RowFiles.ByRows(_decoder, file)!;

        RowFiles.SameAsWhole(_decoder, file);
        int most = image.Data.Zip(written, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(most <= (compression == Compression.LZW ? 0 : 12), $"{most}"); // smooth colours at quality 95
    }

    [Fact]
    public void The_first_of_two_pages_is_read_and_a_loop_of_pages_is_not_followed()
    {
        byte[] file = new TiffFile { RowsPerStrip = 17 }.Write(Sample);
        int directory = BitConverter.ToInt32(file, 4), next = directory + 2 + (BitConverter.ToUInt16(file, directory) * 12);
        BitConverter.TryWriteBytes(file.AsSpan(next), directory);

        Assert.Equal(Pixels(Sample), RowFiles.ByRows(_decoder, file)!.Data);
    }

    [Theory]
    [InlineData(339, 3, "floating-point samples")]
    [InlineData(339, 2, "signed")]
    [InlineData(259, 4, "compression 4")]
    [InlineData(258, 32, "32 bits")]
    [InlineData(262, 5, "photometric interpretation 5")]
    public void What_is_not_read_is_said_or_left_to_a_decoder_that_reads_tiff(int tag, int value, string reason)
    {
        byte[] file = new TiffFile { Entries = [(tag, 3, [value, value, value])] }.Write(Sample);

        Assert.Contains(reason, Assert.Throws<ImageDecodeException>(() => RowFiles.ByRows(_decoder, file)).Message, StringComparison.Ordinal);
        Assert.Contains(reason, Assert.Throws<ImageDecodeException>(() => _decoder.Decode(file, "x", new())).Message, StringComparison.Ordinal);
        Assert.Null(RowFiles.ByRows(new TiffImageDecoder(new TiffFallbackDecoder()), file));
    }

    [Fact]
    public void Everything_else_goes_to_the_decoder_around_it()
    {
        byte[] png = PngFile.Random(1, 9, 8, 8, 2);
        foreach (var decoder in new[] { _decoder, new TiffImageDecoder(new TiffFallbackDecoder()) })
        {
            RowFiles.SameAsWhole(decoder, png);
            Assert.Equal("SkiaSharp", decoder.Name);
            Assert.Superset(new HashSet<string> { ".tif", ".tiff", ".png", ".jpg" }, decoder.FileExtensions.ToHashSet());
        }

        Assert.Null(RowFiles.ByRows(new TiffImageDecoder(new ImageSharpDecoder()), png));
        Assert.Null(RowFiles.ByRows(new TiffFallbackDecoder(), new TiffFile().Write(Sample)));
        Assert.Throws<ImageDecodeException>(() => _decoder.OpenRows("no such file.tif", new()));
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(Backbones.Clip.ClipBackboneTests.Tiny with
        {
            Text = Backbones.Clip.ClipBackboneTests.Tiny.Text with { VocabSize = 49408, ContextLength = 77 },
        }).WithImageSize(28).WithoutImageToTextPrompt().WithoutSelfPrompt().UseTiffDecoder().Build();

        Assert.Equal(17, detector.Detect(ImageInput.FromBytes(new TiffFile().Write(Sample))).ImageMap!.Height);
    }

    internal static int Sample(int x, int y, int c) => c == 3 ? x * y : ((x * 11) + (y * 3) + (c * 50)) & 255;

    internal static byte[] Pixels(Func<int, int, int, int> value, int width = 21, int height = 17) =>
        [.. Enumerable.Range(0, width * height * 3).Select(i => (byte)value(i / 3 % width, i / 3 / width, i % 3))];

    // 70 x 50 smooth colours.
    internal static byte[] Written(Compression compression, Photometric photometric, int tile, out byte[] pixels)
    {
        const int Width = 70, Height = 50;
        int samples = photometric == Photometric.MINISBLACK ? 1 : 3;
        byte Value(int x, int y, int c) => (byte)(samples == 1 ? x + y : c == 0 ? 2 * x : c == 1 ? 250 - (3 * y) : 100 + x);
        pixels = Pixels((x, y, c) => Value(x, y, c), Width, Height);
        string path = Path.Combine(Path.GetTempPath(), $"mfpclip-rows-{Guid.NewGuid():N}.tif");
        using (var tiff = LibTiff.Open(path, "w"))
        {
            tiff.SetField(Tag.IMAGEWIDTH, Width);
            tiff.SetField(Tag.IMAGELENGTH, Height);
            tiff.SetField(Tag.BITSPERSAMPLE, 8);
            tiff.SetField(Tag.SAMPLESPERPIXEL, samples);
            tiff.SetField(Tag.COMPRESSION, compression);
            tiff.SetField(Tag.PHOTOMETRIC, photometric);
            tiff.SetField(Tag.PLANARCONFIG, PlanarConfig.CONTIG);
            if (compression == Compression.LZW)
            {
                tiff.SetField(Tag.PREDICTOR, Predictor.HORIZONTAL);
            }
            else
            {
                tiff.SetField(Tag.JPEGQUALITY, 95);
                tiff.SetField(Tag.JPEGCOLORMODE, JpegColorMode.RGB);
            }

            int width = tile > 0 ? tile : Width, height = tile > 0 ? tile : 16;
            tiff.SetField(tile > 0 ? Tag.TILEWIDTH : Tag.ROWSPERSTRIP, height);
            if (tile > 0)
            {
                tiff.SetField(Tag.TILELENGTH, tile);
            }

            byte[] part = new byte[width * height * samples];
            for (int y = 0, n = 0; y < Height; y += height)
            {
                for (int x = 0; x < Width; x += width, n++)
                {
                    int rows = tile > 0 ? height : Math.Min(height, Height - y);
                    for (int i = 0; i < part.Length; i++)
                    {
                        part[i] = Value(x + (i / samples % width), y + (i / samples / width), i % samples);
                    }

                    _ = tile > 0 ? tiff.WriteEncodedTile(n, part, part.Length) : tiff.WriteEncodedStrip(n, part, width * rows * samples);
                }
            }
        }

        byte[] file = File.ReadAllBytes(path);
        File.Delete(path);
        return file;
    }
}
