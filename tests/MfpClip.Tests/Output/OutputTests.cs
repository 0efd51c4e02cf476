using System.Buffers.Binary;
using MfpClip.Diagnostics;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Tests.Output;

public sealed class OutputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    private static AnomalyMap Map => new(3, 2, [0, 0.5f, 1, 0.25f, float.NaN, 2]);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Sixteen_bit_png_holds_the_values()
    {
        string path = Path.Combine(_folder, "m.png");
        MapFiles.WritePng16(path, Map);
        byte[] png = File.ReadAllBytes(path);

        // Another decoder accepts it, checksums and all, and the packed rows hold the 16-bit values.
        Assert.Equal([0, 128, 255, 64, 0, 255], new SkiaImageDecoder().Decode(png, "m.png", new()).Data.Where((_, i) => i % 3 == 0).Select(v => (int)v));
        int data = png.AsSpan().IndexOf("IDAT"u8) + 4;
        using var rows = new System.IO.Compression.ZLibStream(new MemoryStream(png, data, png.Length - data), System.IO.Compression.CompressionMode.Decompress);
        var bytes = new byte[14];
        rows.ReadExactly(bytes);
        var values = new[] { 1, 3, 5, 8, 10, 12 }.Select(i => (int)BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(i)));
        Assert.Equal([0, 32768, 65535, 16384, 0, 65535], values);
    }

    [Fact]
    public void Npy_is_what_NumPy_writes()
    {
        string path = Path.Combine(_folder, "m.npy");
        MapFiles.WriteNpy(path, Map);
        byte[] npy = File.ReadAllBytes(path);

        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0], npy[..8]);
        int header = BinaryPrimitives.ReadUInt16LittleEndian(npy.AsSpan(8));
        Assert.Equal(0, (10 + header) % 64);
        Assert.StartsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", System.Text.Encoding.ASCII.GetString(npy, 10, header),
            StringComparison.Ordinal);
        Assert.Equal(10 + header + 24, npy.Length);
        Assert.Equal(0.5f, BinaryPrimitives.ReadSingleLittleEndian(npy.AsSpan(10 + header + 4)));
    }

    [Theory]
    [InlineData(ColorMap.Jet, 0, 0, 128, 128, 0, 0)]
    [InlineData(ColorMap.Viridis, 0x44, 0x01, 0x54, 0xfd, 0xe7, 0x25)]
    [InlineData(ColorMap.Inferno, 0, 0, 4, 0xfc, 0xff, 0xa4)]
    [InlineData(ColorMap.Grey, 0, 0, 0, 255, 255, 255)]
    public void Heat_maps_run_from_the_first_colour_to_the_last(ColorMap map, int r0, int g0, int b0, int r1, int g1, int b1)
    {
        var heat = MapImages.HeatMap(Map, new() { ColorMap = map });

        Assert.Equal([r0, g0, b0], heat.Data[..3].Select(v => (int)v));
        Assert.Equal([r1, g1, b1], heat.Data[6..9].Select(v => (int)v));
    }

    [Fact]
    public void An_overlay_without_opacity_is_the_photo_and_pictures_survive_png()
    {
        var photo = new RgbImage(3, 2, [.. Enumerable.Range(0, 18).Select(i => (byte)(i * 14))]);

        var overlay = MapImages.Overlay(photo, Map, [], new() { Opacity = 0 });
        var side = MapImages.PhotoAndOverlay(photo, Map);

        Assert.Equal(photo.Data, overlay.Data);
        Assert.Equal((9, 2), (side.Width, side.Height));
        Assert.Equal(side.Data, new SkiaImageDecoder().Decode(MapImages.ToPng(side), "x", new()).Data);
    }

    [Fact]
    public void A_write_that_fails_leaves_nothing()
    {
        string blocked = Path.Combine(_folder, "file");
        File.WriteAllText(blocked, "x");

        Assert.Throws<OutputException>(() => MapFiles.WriteNpy(Path.Combine(blocked, "m.npy"), Map));
        if (File.Exists("/dev/full"))
        {
            Assert.Throws<OutputException>(() => AtomicFile.Write(Path.Combine(_folder, "full"), s =>
            {
                using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
                full.Write(new byte[1 << 20]);
                full.Flush();
            }));
        }

        // More than the file system allows in one file; .NET calls it a wrong argument.
        Assert.Throws<OutputException>(() => AtomicFile.Write(Path.Combine(_folder, "large"), s => s.SetLength(long.MaxValue)));

        Assert.Equal([blocked], Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Regions_touch_by_corners_and_come_by_falling_peak()
    {
        var map = new AnomalyMap(6, 4,
        [
            .6f, 0, 0, 0, 0, .9f,
            0, .7f, 0, 0, 0, 0,
            0, 0, 0, .5f, 0, 0,
            0, 0, 0, .5f, .5f, 0,
        ]);

        var regions = DefectRegions.Find(map, 0.5f);

        Assert.Equal([new(5, 0, 1, 1, 1, .9f, 5, 0), new(0, 0, 2, 2, 2, .7f, 1, 1), new(3, 2, 2, 2, 3, .5f, 3, 2)],
            regions.Select(r => r with { Contour = [] }));
        Assert.Equal(2, DefectRegions.Find(map, 0.5f, minimumArea: 2).Count);
        Assert.Empty(DefectRegions.Find(Map, 3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3000)]
    [InlineData(12_000)]
    public void A_report_on_a_full_disk_is_a_typed_error_and_leaves_nothing_behind(int room)
    {
        string path = Path.Combine(_folder, "report.html");
        var e = Assert.Throws<OutputException>(() =>
        {
            using var report = new HtmlReport(path, Description, null, temporary => new FullDisk(temporary, room));
            report.Add(Result, new RgbImage(200, 200, [.. Enumerable.Range(0, 120_000).Select(i => (byte)(i * i / 7))]));
            report.Complete();
        });

        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private static DetectorDescription Description { get; } = new()
    {
        Method = "m", Stages = [], Device = "cpu", Precision = "Float32", ImageSize = 8, LibraryVersion = "1", WeightsHash = new string('0', 64),
    };

    private static AnomalyResult Result { get; } = new()
    {
        ImageName = "a.png", ClassName = "object", Score = 0.5f, ModelMap = new(2, 2, [0, 0, 0, 1]), ImageWidth = 200, ImageHeight = 200,
        PixelThreshold = 0.5f, Timings = new(),
    };

    /// <summary>A file on a disk that has room for so many bytes.</summary>
    private sealed class FullDisk(string path, int room) : FileStream(path, FileMode.CreateNew, FileAccess.Write)
    {
        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

        public override void Write(byte[] array, int offset, int count)
        {
            if (Position + count > room)
            {
                throw new IOException("No space left on device");
            }

            base.Write(array, offset, count);
        }
    }
}
