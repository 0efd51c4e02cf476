using BitMiracle.LibTiff.Classic;
using MfpClip.Tiff;

namespace MfpClip.Tests.Imaging.Rows;

public class DamagedTiffTests
{
    private static readonly TiffImageDecoder _decoder = new();
    private static readonly RowLimits _small = new() { MaximumPixels = 1_000_000, MaximumMemory = 1 << 24 };

    public static TheoryData<string> Names => new(Files.Keys);

    private static Dictionary<string, byte[]> Files => new()
    {
        ["strips"] = new TiffFile().Write(TiffRowsTests.Sample),
        ["Deflate in tiles of BigTIFF"] =
            new TiffFile { TileWidth = 16, TileLength = 16, Compression = 8, Big = true, Predictor = 2 }.Write(TiffRowsTests.Sample),
        ["PackBits in planes"] = new TiffFile { Separate = true, Compression = 32773, Little = false }.Write(TiffRowsTests.Sample),
        ["LZW"] = TiffRowsTests.Written(Compression.LZW, Photometric.RGB, 0, out _),
        ["JPEG"] = TiffRowsTests.Written(Compression.JPEG, Photometric.YCBCR, 0, out _),
        ["JPEG in tiles"] = TiffRowsTests.Written(Compression.JPEG, Photometric.RGB, 32, out _),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_is_changed_in_a_file_ends_in_pixels_or_in_the_typed_error(string name)
    {
        byte[] file = Files[name];
        var random = new Random(7);
        int refused = 0;
        for (int i = 0; i < 250; i++)
        {
            byte[] damaged = i % 5 == 0 ? file[..random.Next(file.Length)] : (byte[])file.Clone();
            for (int k = random.Next(4); k >= 0 && damaged.Length > 0; k--)
            {
                // Half of the changes in the directory, which is at the end of these files, and some in the header.
                int at = k == 0 && i % 2 == 0 ? Math.Max(0, damaged.Length - 1 - random.Next(250)) : random.Next(damaged.Length);
                damaged[at] = random.Next(3) == 0 ? (byte)255 : (byte)(damaged[at] ^ (1 << random.Next(8)));
            }

            refused += ByRows(damaged) is null ? 1 : 0;
            Whole(damaged);
        }

        Assert.InRange(refused, 50, 250); // those that were cut at least
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_truncated_file_is_refused(string name)
    {
        byte[] file = Files[name], pixels = RowFiles.ByRows(_decoder, file)!.Data;
        for (int length = 1; length < file.Length; length += Math.Max(1, file.Length / 40))
        {
            // What is at the very end may not matter: lengths of strips without compression, the resolution.
            if (ByRows(file[..length]) is { } read)
            {
                Assert.True(length > file.Length - 100);
                Assert.Equal(pixels, read.Data);
            }

            Assert.True(length > file.Length - 100 || !Whole(file[..length]));
        }

    }

    [Theory]
    [InlineData("LZW")]
    [InlineData("JPEG")]
    [InlineData("JPEG in tiles")]
    public void A_strip_that_ends_early_is_refused(string name)
    {
        byte[] file = Files[name];
        int tag = name == "JPEG in tiles" ? 325 : 279;
        for (int cut = 3; cut < 60; cut += 8)
        {
            byte[] shorter = (byte[])file.Clone();
            int entry = Entry(shorter, tag), at = BitConverter.ToInt32(shorter, entry + 8);
            bool words = BitConverter.ToUInt16(shorter, entry + 2) == 3;
            int length = words ? BitConverter.ToUInt16(shorter, at) : BitConverter.ToInt32(shorter, at);
            _ = words ? BitConverter.TryWriteBytes(shorter.AsSpan(at), (ushort)(length - cut)) : BitConverter.TryWriteBytes(shorter.AsSpan(at), length - cut);

            Assert.Null(ByRows(shorter));
            Assert.False(Whole(shorter));
        }
    }

    [Fact]
    public void What_a_file_declares_is_checked_before_it_is_allocated()
    {
        // Gigabytes declared as one tile, as an image, as a list of strips and as samples, each with hardly any data.
        var file = new TiffFile { Width = 4, Height = 4, Samples = 1, Photometric = 1, Compression = 8 };
        byte[] tile = (file with { TileWidth = 16, TileLength = 16, Entries = [(322, 4, [30_000]), (323, 4, [30_000])] }).Write((_, _, _) => 1);
        byte[] image = (file with { Entries = [(256, 4, [40_000]), (257, 4, [40_000])] }).Write((_, _, _) => 1);
        byte[] strips = (file with { Entries = [(256, 4, [1]), (257, 4, [900_000_000]), (278, 4, [1])] }).Write((_, _, _) => 1);
        byte[] samples = (file with { Entries = [(277, 3, [60_000])] }).Write((_, _, _) => 1);

        byte[] huge = (file with { TileWidth = 16, TileLength = 16, Entries = [(322, 4, [2_000_000_000]), (323, 4, [2_000_000_000])] }).Write((_, _, _) => 1);

        Refused(tile, "RowLimits.MaximumMemory");
        Refused(huge, "too large to be decoded one by one");
        Refused(image, "40000 x 40000 pixels");
        Refused(strips, "RowLimits.MaximumMemory");
        Refused(samples, "60000 samples");
    }

    [Fact]
    public void Strips_beyond_the_memory_are_refused_and_read_with_a_higher_limit()
    {
        byte[] noise = new byte[1000 * 1000];
        new Random(1).NextBytes(noise);
        byte[] file = new TiffFile { Width = 1000, Height = 1000, Samples = 1, Photometric = 1, Compression = 8, RowsPerStrip = 1000 }
            .Write((x, y, _) => noise[(y * 1000) + x]);

        var e = Assert.Throws<ImageDecodeException>(() => RowFiles.ByRows(_decoder, file, new() { MaximumMemory = 1_000_000 }));

        Assert.Contains("strips of 1000 x 1000 pixels; save it with smaller strips, or raise the limit", e.Message, StringComparison.Ordinal);
        Assert.NotNull(RowFiles.ByRows(_decoder, file, new() { MaximumMemory = 1_100_000 }));
    }

    [Fact]
    public void A_large_strip_without_compression_needs_little_memory()
    {
        byte[] file = new TiffFile { Width = 1500, Height = 1200, RowsPerStrip = 1200 }.Write((x, y, c) => (x * y) + c & 255);

        var image = RowFiles.ByRows(_decoder, file, new() { MaximumMemory = 1_200_000 })!;

        Assert.Equal(TiffRowsTests.Pixels((x, y, c) => (x * y) + c & 255, 1500, 1200), image.Data);
    }

    [Fact]
    public void Messages_of_libtiff_are_not_printed_and_those_of_others_reach_their_handler()
    {
        var others = new Counting();
        BitMiracle.LibTiff.Classic.Tiff.SetErrorHandler(others);
        Assert.Null(ByRows(Files["JPEG"][..^200]));
        Assert.Equal(0, others.Count);

        Assert.Null(BitMiracle.LibTiff.Classic.Tiff.ClientOpen("other", "r", new MemoryStream(new byte[100]), new TiffStream()));

        Assert.NotEqual(0, others.Count);
    }

    private static int Entry(byte[] file, int tag)
    {
        int directory = BitConverter.ToInt32(file, 4);
        return directory + 2 + (12 * Enumerable.Range(0, BitConverter.ToUInt16(file, directory))
            .First(i => BitConverter.ToUInt16(file, directory + 2 + (12 * i)) == tag));
    }

    private static RgbImage? ByRows(byte[] file) => RowFiles.OrRefused(_decoder, file, _small);

    private static bool Whole(byte[] file)
    {
        try
        {
            return _decoder.Decode(file, "x", new() { MaximumPixels = 1_000_000 }).Width > 0;
        }
        catch (ImageDecodeException)
        {
            return false;
        }
    }

    private static void Refused(byte[] file, string reason)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();

        var e = Assert.Throws<ImageDecodeException>(() => RowFiles.ByRows(_decoder, file));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    private sealed class Counting : TiffErrorHandler
    {
        public int Count { get; private set; }

        public override void ErrorHandler(BitMiracle.LibTiff.Classic.Tiff tif, string method, string format, params object[] args) => Count++;

        public override void WarningHandler(BitMiracle.LibTiff.Classic.Tiff tif, string method, string format, params object[] args) => Count++;
    }
}
