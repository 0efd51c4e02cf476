using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MfpClip.Imaging;
using MfpClip.Output;
using MfpClip.Output.Zoom;

namespace MfpClip.Tests.Output;

/// <summary>The pyramid of a large picture against closed forms, and the folder of its page: what is in it, escaped, replaced, and left by a stop.</summary>
public sealed class ZoomPageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, 1, 8, new[] { 1, 1 })]
    [InlineData(8, 3, 8, new[] { 8, 3 })]
    [InlineData(9, 3, 8, new[] { 9, 3, 5, 2 })]
    [InlineData(33, 17, 8, new[] { 33, 17, 17, 9, 9, 5, 5, 3 })]
    [InlineData(5, 64, 8, new[] { 5, 64, 3, 32, 2, 16, 1, 8 })]
    public void Levels_are_halved_and_rounded_up_until_one_tile_shows_all(int width, int height, int side, int[] sizes)
    {
        var (levels, tiles) = Pyramid(width, height, side, highest: false, (_, _) => 7);

        Assert.Equal(sizes.Chunk(2).Select(s => (s[0], s[1])), levels);
        for (int level = 0; level < levels.Count; level++)
        {
            var (w, h) = levels[level];
            var own = tiles.Where(t => t.Level == level).ToList();
            Assert.Equal(((w + side - 1) / side) * ((h + side - 1) / side), own.Count);
            Assert.All(own, t => Assert.Equal((Math.Min(side, w - (t.Column * side)), Math.Min(side, h - (t.Row * side))), (t.Width, t.Height)));
            Assert.All(own, t => Assert.All(t.Pixels, p => Assert.Equal(7, p)));
        }
    }

    [Fact]
    public void A_pixel_of_a_level_is_the_mean_of_its_block_of_a_gradient()
    {
        // 2 x + 4 y: the mean of a block of n by n pixels at (X, Y) is 2 (n X + (n - 1) / 2) + 4 (n Y + (n - 1) / 2), a whole number and a half of n - 1.
        var (levels, tiles) = Pyramid(48, 32, 8, highest: false, (x, y) => (byte)((2 * x) + (4 * y)));

        Assert.Equal([(48, 32), (24, 16), (12, 8), (6, 4)], levels);
        foreach (var tile in tiles)
        {
            int n = 1 << tile.Level;
            for (int i = 0; i < tile.Pixels.Length; i++)
            {
                int x = (tile.Column * 8) + (i % tile.Width), y = (tile.Row * 8) + (i / tile.Width);
                Assert.Equal((2 * n * x) + (4 * n * y) + (3 * (n - 1)), tile.Pixels[i]);
            }
        }
    }

    [Theory]
    [InlineData(33, 17)]
    [InlineData(16, 31)]
    public void Of_a_map_the_highest_value_stays_in_its_place(int width, int height)
    {
        foreach (var (x, y) in new[] { (0, 0), (width - 1, height - 1), (width / 2, height / 3) })
        {
            var (levels, tiles) = Pyramid(width, height, 8, highest: true, (a, b) => (byte)(a == x && b == y ? 200 : 1));

            for (int level = 0; level < levels.Count; level++)
            {
                var bright = tiles.Where(t => t.Level == level).SelectMany(t => t.Pixels.Select((p, i) =>
                    (Value: p, X: (t.Column * 8) + (i % t.Width), Y: (t.Row * 8) + (i / t.Width)))).Where(p => p.Value > 1);
                Assert.Equal([((byte)200, x >> level, y >> level)], bright);
            }
        }
    }

    [Fact]
    public void A_folder_holds_page_tiles_of_photo_and_map_and_nothing_from_elsewhere()
    {
        string folder = Path.Combine(_folder, "zoom", "a");

        string page = ZoomPage.Write(folder, Result("run/<b>'x'&\".png"), Gradient(), Input());

        Assert.Equal(Path.Combine(folder, "index.html"), page);
        string[] files = [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];
        Assert.Equal([".mfpclip-output", "index.html", "map/0/0_0.jpg", "photo/0/0_0.jpg", "photo/0/0_1.jpg", "photo/0/0_2.jpg", "photo/0/1_0.jpg",
            "photo/0/1_1.jpg", "photo/0/1_2.jpg", "photo/1/0_0.jpg", "photo/1/0_1.jpg", "photo/2/0_0.jpg"], files);
        string html = File.ReadAllText(page);
        Assert.DoesNotMatch("(https?:)?//[a-z]", html.Replace("http://www.w3.org/2000/svg", string.Empty, StringComparison.Ordinal));
        var root = XDocument.Parse(Regex.Replace(html.Replace("<!DOCTYPE html>", string.Empty, StringComparison.Ordinal), "<(style|script)>.*?</\\1>",
            string.Empty, RegexOptions.Singleline)).Root!;
        Assert.Equal("<b>'x'&\".png", root.Descendants("h1").Single().Value);
        var view = root.Descendants("div").Single(d => d.Attribute("id")?.Value == "view");
        using var picture = JsonDocument.Parse(view.Attribute("data-picture")!.Value);
        Assert.Equal((1201, 600, 512), (Number(picture, "width"), Number(picture, "height"), Number(picture, "tile")));
        Assert.Equal(["[[1201,600],[601,300],[301,150]]", "[[30,15]]"],
            picture.RootElement.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("levels").GetRawText()));
        var polygons = root.Descendants().Where(e => e.Name.LocalName == "polygon").ToList();
        Assert.Equal(["10,20 13,20 13,21 10,21", "1000,500 1020,500 1020,530 1000,530"], polygons.Select(p => p.Attribute("points")!.Value));
        Assert.Equal(["#region-1", "#region-2"], root.Descendants("a").Select(a => a.Attribute("href")!.Value));
        Assert.Contains("a sentence", root.Descendants("aside").Single().Value, StringComparison.Ordinal);

        // The tiles show what the closed form says, as JPEG: x / 8 in red, y / 4 in green.
        var tile = Decode(folder, "photo/0/1_2.jpg");
        Assert.Equal((1201 - 1024, 600 - 512), (tile.Width, tile.Height));
        Near((1024 + 100) / 8, tile.Data[((50 * tile.Width) + 100) * 3], 4);
        Near((512 + 50) / 4, tile.Data[(((50 * tile.Width) + 100) * 3) + 1], 4);
        var small = Decode(folder, "photo/2/0_0.jpg");
        Near((4 * 200) / 8, small.Data[((100 * small.Width) + 200) * 3], 4);
        // Jet: the lowest value is dark blue, the highest dark red.
        var map = Decode(folder, "map/0/0_0.jpg");
        Near(128, map.Data[2], 12);
        Near(128, map.Data[^3], 12);
    }

    [Fact]
    public void It_is_replaced_as_a_whole_and_a_folder_of_others_is_left_alone()
    {
        string folder = Path.Combine(_folder, "a"), other = Path.Combine(_folder, "other");
        ZoomPage.Write(folder, Result("a.png"), Gradient(), Input());
        File.WriteAllText(Path.Combine(folder, "photo", "old.jpg"), "old");
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "mine.txt"), "mine");

        ZoomPage.Write(folder, Result("a.png") with { Regions = [] }, Gradient(), Input());
        var refused = Assert.Throws<OutputException>(() => ZoomPage.Write(other, Result("a.png"), Gradient(), Input()));

        Assert.False(File.Exists(Path.Combine(folder, "photo", "old.jpg")));
        Assert.Contains("no pixel at or above", File.ReadAllText(Path.Combine(folder, "index.html")), StringComparison.Ordinal);
        Assert.Contains("was not written by this library", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "other"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["mine.txt"], Directory.GetFileSystemEntries(other).Select(Path.GetFileName));
        Assert.True(OwnOutputs.IsFolder(folder)); // no search for photos finds the tiles
    }

    [Fact]
    public void A_stop_or_a_damaged_file_leaves_nothing()
    {
        using var source = new CancellationTokenSource();
        string folder = Path.Combine(_folder, "a"), file = Path.Combine(_folder, "x.rows");
        File.WriteAllText(file, string.Empty);
        var stopping = Input(new FakeRows(1201, 600, row =>
        {
            if (row == 550)
            {
                source.Cancel();
            }
        }));
        var damaged = Input(new FakeRows(1201, 600, row =>
        {
            if (row == 590)
            {
                throw new ImageDecodeException("x.rows", "it is truncated.");
            }
        }));

        Assert.ThrowsAny<OperationCanceledException>(
            () => ZoomPage.Write(folder, Result("a.png"), ImageInput.FromFile(file), stopping, cancellationToken: source.Token));
        Assert.Throws<ImageDecodeException>(() => ZoomPage.Write(folder, Result("a.png"), ImageInput.FromFile(file), damaged));
        Assert.Throws<ArgumentException>(() => ZoomPage.Write(folder, Result("a.png") with { ImageWidth = 1200 }, Gradient(), Input()));

        Assert.Equal([file], Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData(10, 7, 4)]
    [InlineData(9, 9, 3)]
    [InlineData(5, 3, 5)]
    public void A_reduced_picture_has_the_means_of_blocks_whether_by_rows_or_as_a_whole(int width, int height, int side)
    {
        string file = Path.Combine(_folder, "x.rows");
        File.WriteAllText(file, string.Empty);
        var rows = new FakeRows(width, height, _ => { });
        var whole = new RgbImage(width, height, [.. Enumerable.Range(0, height).SelectMany(y => FakeRows.Row(y, width))]);

        var reduced = Input(rows).DecodeReduced(ImageInput.FromFile(file), side);
        var same = Input(rows).DecodeReduced(ImageInput.FromPixels(whole), side);

        int block = (Math.Max(width, height) + side - 1) / side;
        Assert.Equal(((width + block - 1) / block, (height + block - 1) / block), (reduced.Width, reduced.Height));
        Assert.Equal(1, rows.Opened);
        Assert.Equal(0, rows.DecodedWhole);
        Assert.Equal(reduced.Data, same.Data);
        for (int i = 0; i < reduced.Data.Length; i++)
        {
            int x = i / 3 % reduced.Width * block, y = i / 3 / reduced.Width * block;
            double mean = (from v in Enumerable.Range(y, Math.Min(block, height - y)) from u in Enumerable.Range(x, Math.Min(block, width - x))
                           select (double)whole.Data[(((v * width) + u) * 3) + (i % 3)]).Average();
            Assert.Equal(mean, reduced.Data[i], 0.5);
        }

        if (block == 1)
        {
            Assert.Same(whole, same);
        }
    }

    private static int Number(JsonDocument json, string name) => json.RootElement.GetProperty(name).GetInt32();

    private static void Near(int expected, int actual, int tolerance) => Assert.InRange(actual, expected - tolerance, expected + tolerance);

    private static RgbImage Decode(string folder, string name) =>
        new SkiaImageDecoder().Decode(File.ReadAllBytes(Path.Combine(folder, name)), name, new());

    private static (IReadOnlyList<(int Width, int Height)> Levels, List<PyramidTile> Tiles) Pyramid(
        int width, int height, int side, bool highest, Func<int, int, byte> value)
    {
        var tiles = new List<PyramidTile>();
        var pyramid = new ImagePyramid(width, height, 1, side, highest, t =>
        {
            lock (tiles)
            {
                tiles.Add(t);
            }
        }, CancellationToken.None);
        for (int y = 0; y < height; y++)
        {
            pyramid.Add([.. Enumerable.Range(0, width).Select(x => value(x, y))]);
        }

        return (pyramid.Levels, tiles);
    }

    private static ImageInput Gradient()
    {
        var pixels = new byte[1201 * 600 * 3];
        for (int i = 0; i < 1201 * 600; i++)
        {
            (pixels[3 * i], pixels[(3 * i) + 1]) = ((byte)(i % 1201 / 8), (byte)(i / 1201 / 4));
        }

        return ImageInput.FromPixels(new(1201, 600, pixels), "a.png");
    }

    private static InputSettings Input(IImageDecoder? decoder = null) => new()
    {
        Decoder = decoder ?? new SkiaImageDecoder(), Preprocessor = new ResizeAndCenterCrop(8), Limits = new(),
    };

    private static AnomalyResult Result(string name) => new()
    {
        ImageName = name, ClassName = "object", Score = 0.5f, ModelMap = new(30, 15, [.. Enumerable.Range(0, 450).Select(i => i % 30 < 16 ? 0f : 1f)]),
        ImageWidth = 1201, ImageHeight = 600, PixelThreshold = 0.5f, Timings = new(), Notices = ["a sentence"],
        Regions =
        [
            new(10, 20, 3, 1, 3, 0.9f, 10, 20) { Contour = [new(10, 20), new(13, 20), new(13, 21), new(10, 21)] },
            new(1000, 500, 20, 30, 600, 0.8f, 1000, 500), // without a contour: its box
        ],
    };

    /// <summary>Any file is an image of this size that comes by rows.</summary>
    private sealed class FakeRows(int width, int height, Action<int> read) : IImageRowDecoder
    {
        public int Opened { get; private set; }

        public int DecodedWhole { get; private set; }

        public string Name => "rows";

        public static byte[] Row(int y, int width) => [.. Enumerable.Range(0, width * 3).Select(i => (byte)((i * 31) + (y * 17)))];

        public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
        {
            DecodedWhole++;
            throw new ImageDecodeException(source, "it is too large.");
        }

        public IImageRowReader? OpenRows(string path, RowLimits limits)
        {
            Opened++;
            return new Reader(width, height, read);
        }

        private sealed class Reader(int width, int height, Action<int> read) : IImageRowReader
        {
            private int _row;

            public int Width => width;

            public int Height => height;

            public void Read(Span<byte> rows)
            {
                for (int at = 0; at < rows.Length; at += width * 3, _row++)
                {
                    read(_row);
                    Row(_row, width).CopyTo(rows[at..]);
                }
            }

            public void Dispose()
            {
            }
        }
    }
}
