using System.Globalization;
using System.Text.Json;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Web.Tests;

/// <summary>A page that zooms, from a folder on disk in a real browser. Screenshots stay in MFPCLIP_SCREENSHOTS, where that is set.</summary>
public sealed class ZoomPageBrowserTests : IDisposable
{
    private const int Width = 6000, Height = 4000, Side = 512;
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("MFPCLIP_SCREENSHOTS") is { Length: > 0 } kept)
        {
            Directory.CreateDirectory(kept);
            foreach (string shot in Directory.GetFiles(_folder, "?-*.png"))
            {
                File.Copy(shot, Path.Combine(kept, $"zoom-{Path.GetFileName(shot)}"), overwrite: true);
            }
        }

        Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task Only_what_is_visible_is_loaded_finer_where_it_is_enlarged_and_regions_are_jumped_to()
    {
        Browser.Require();
        string page = ZoomPage.Write(Path.Combine(_folder, "zoom", "panel #1"), Result(), ImageInput.FromPixels(Picture(), "panel #1.png"), Input);

        var seen = await Browser.DriveAsync(new Uri(page), _folder, new { X = 1500, Y = 1000 }, "zoom.mjs");

        Assert.Empty(Texts(seen, "console"));
        Assert.Empty(Texts(seen, "failedRequests"));
        Assert.Empty(Texts(seen, "elsewhere"));
        string[] states = ["first", "wheel", "dragged", "region", "fitted", "clicked", "next", "right", "one", "pinched", "linked"];
        Assert.All(states, s => Assert.Equal(0, seen.GetProperty(s).GetProperty("broken").GetInt32()));

        // The whole picture: one level that has about a pixel for each of the screen's, and the coarsest below it.
        var first = Box(seen, "first");
        Assert.True(first.X <= 0.5 && first.Y <= 0.5 && first.X + first.W >= Width - 0.5 && first.Y + first.H >= Height - 0.5);
        string[] loaded = [.. Texts(seen.GetProperty("first"), "loaded").Where(l => l.StartsWith("photo", StringComparison.Ordinal)).Order()];
        Assert.Equal(["photo/3/0_0.jpg", "photo/3/0_1.jpg", "photo/4/0_0.jpg"], loaded);

        // On the screenshot the map lies over the photo, and the outlines over both.
        var shot = MapFiles.ReadPhoto(ImageInput.FromFile(Path.Combine(_folder, "1-whole.png")));
        var (red, blue) = (At(1200, 800), At(3000, 3500));
        Assert.True(red.R > red.B + 40 && blue.B > blue.R + 40, $"{red} {blue}");
        var line = (from x in Enumerable.Range(-3, 7) from y in Enumerable.Range(-3, 7) select At(1400 + (x * 6), 600 + (y * 6))).MaxBy(p => p.R + p.G + p.B);
        Assert.True(line.R > 230 && line.G > 230 && line.B > 230, $"{line}"); // in the middle of an edge

        (byte R, byte G, byte B) At(double x, double y)
        {
            double[] view = Numbers(seen, "view");
            int column = (int)(view[0] + ((x - first.X) * view[2] / first.W)), row = (int)(view[1] + ((y - first.Y) * view[2] / first.W));
            return shot.Pixels.Slice(((row * shot.Width) + column) * 3, 3) is [var r, var g, var b] ? (r, g, b) : default;
        }

        // Ten notches of the wheel are a factor of e^2; the place under the pointer stays there.
        var wheel = Box(seen, "wheel");
        Assert.Equal(first.W / Math.Exp(2), wheel.W, 1.0);
        Assert.Equal(Numbers(seen, "pointer")[0], Numbers(seen, "under")[0], 1.0);
        Assert.Equal(Numbers(seen, "pointer")[1], Numbers(seen, "under")[1], 1.0);
        AssertLevel(seen, "wheel", 0, around: wheel.W); // on the way there more was visible

        var dragged = Box(seen, "dragged");
        double scale = double.Parse(seen.GetProperty("wheel").GetProperty("scale").GetString()!.Split(' ')[0], CultureInfo.InvariantCulture) / 100;
        Assert.Equal(60 / scale, dragged.X - wheel.X, 2.0);
        Assert.Equal(40 / scale, dragged.Y - wheel.Y, 2.0);

        // The second region lies at (5000, 3000), 40 x 30: it comes to the middle, two pixels of the screen for each.
        foreach (string state in new[] { "region", "next", "linked" })
        {
            var region = Box(seen, state);
            Assert.Equal((5020, 3015), (Math.Round(region.X + (region.W / 2)), Math.Round(region.Y + (region.H / 2))));
            Assert.Equal("200 %", seen.GetProperty(state).GetProperty("scale").GetString());
            Assert.Equal(("2", "#region-2"), (seen.GetProperty(state).GetProperty("row").GetString(), seen.GetProperty(state).GetProperty("hash").GetString()));
            Assert.Equal(["2"], Texts(seen.GetProperty(state), "chosen"));
            AssertLevel(seen, state, 0);
            Assert.Contains("photo/0/5_9.jpg", Texts(seen.GetProperty(state), "tiles"));
        }

        Assert.Equal(first, Box(seen, "fitted"));
        var clicked = Box(seen, "clicked"); // the first one, on its line: 1200 x 800 at (600, 400)
        Assert.Equal((1200, 800), (Math.Round(clicked.X + (clicked.W / 2)), Math.Round(clicked.Y + (clicked.H / 2))));
        Assert.Equal(["1"], Texts(seen.GetProperty("clicked"), "chosen"));
        Assert.Equal(0.2 * Box(seen, "next").W, Box(seen, "right").X - Box(seen, "next").X, 1.0);
        Assert.Equal("100 %", seen.GetProperty("one").GetProperty("scale").GetString());
        Assert.InRange(Box(seen, "pinched").W / Box(seen, "one").W, 1.6, 2.4);
        Assert.Equal(["0", "none"], Texts(seen, "hidden"));

        Assert.InRange(seen.GetProperty("phoneOverflow").GetInt32(), int.MinValue, 0);
        var paper = seen.GetProperty("paper");
        Assert.Equal(1.5, Numbers(paper, "picture")[0] / Numbers(paper, "picture")[1], 0.01);
        Assert.InRange(Numbers(paper, "lines")[0] / Numbers(paper, "picture")[0], 0.7, 0.8); // from 600 to 5040 of 6000
        Assert.Equal((0, "none"), (paper.GetProperty("view").GetInt32(), paper.GetProperty("tools").GetString()));
    }

    // Photo tiles of the level lie in what is visible and cover it; what was loaded for it lies there, too.
    private static void AssertLevel(JsonElement seen, string state, int level, double around = 0)
    {
        var box = Box(seen, state);
        int side = Side << level;
        IEnumerable<string> Tiles(double more) =>
            from row in Enumerable.Range(0, 8) from column in Enumerable.Range(0, 12)
            where column * side < box.X + box.W + more && (column + 1) * side > box.X - more && row * side < box.Y + box.H + more
                && (row + 1) * side > box.Y - more
            select $"photo/{level}/{row}_{column}.jpg";
        Assert.Equal([.. Tiles(0).Order(), "photo/4/0_0.jpg"],
            Texts(seen.GetProperty(state), "tiles").Where(t => t.StartsWith("photo", StringComparison.Ordinal)).Order());
        Assert.Subset(Tiles(around).ToHashSet(),
            Texts(seen.GetProperty(state), "loaded").Where(l => l.StartsWith($"photo/{level}/", StringComparison.Ordinal)).ToHashSet());
    }

    private static InputSettings Input { get; } = new() { Decoder = new SkiaImageDecoder(), Preprocessor = new ResizeAndCenterCrop(8), Limits = new() };

    // A sheet with a fine grid, numbered by its colours, and two defects.
    private static RgbImage Picture()
    {
        byte[] pixels = new byte[Width * Height * 3];
        Parallel.For(0, Height, y =>
        {
            for (int x = 0; x < Width; x++)
            {
                bool defect = x is >= 5000 and < 5040 && y is >= 3000 and < 3030;
                byte grid = (byte)(x % 100 < 2 || y % 100 < 2 ? 90 : 0), value = (byte)(150 + (x / 100 + (y / 100)) % 2 * 20);
                pixels.AsSpan(((y * Width) + x) * 3, 3).Fill(defect ? (byte)20 : (byte)(value - grid));
            }
        });
        return new(Width, Height, pixels);
    }

    private static AnomalyResult Result()
    {
        float[] map = new float[750 * 500];
        for (int y = 0; y < 500; y++)
        {
            for (int x = 0; x < 750; x++)
            {
                double far = Math.Min(Far(x - 150, y - 100) / 60, Far(x - 627, y - 377) / 12);
                map[(y * 750) + x] = (float)Math.Exp(-far * far);
            }
        }

        static double Far(double x, double y) => Math.Sqrt((x * x) + (y * y));

        return new()
        {
            ImageName = "line/panel #1.png", ClassName = "object", Score = 0.93f, IsAnomalous = true, ModelMap = new(750, 500, map), ImageWidth = Width,
            ImageHeight = Height, PixelThreshold = 0.5f, Timings = new(), Notices = ["The map is coarser than the picture."],
            Regions =
            [
                new(600, 400, 1200, 800, 700_000, 0.95f, 1200, 800) { Contour = [new(1000, 400), new(1800, 800), new(1200, 1200), new(600, 800)] },
                new(5000, 3000, 40, 30, 1200, 0.9f, 5010, 3010) { Contour = [new(5000, 3000), new(5040, 3000), new(5040, 3030), new(5000, 3030)] },
            ],
        };
    }

    private static (double X, double Y, double W, double H) Box(JsonElement seen, string state) =>
        Numbers(seen.GetProperty(state), "box") is [var x, var y, var w, var h] ? (x, y, w, h) : throw new InvalidOperationException(state);

    private static double[] Numbers(JsonElement seen, string name) => [.. seen.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    private static IEnumerable<string> Texts(JsonElement seen, string name) => seen.GetProperty(name).EnumerateArray().Select(v => v.GetString()!);
}
