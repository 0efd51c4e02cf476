using System.Diagnostics;
using System.Text.Json;
using MfpClip.Cli.Detecting;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Cli.Tests;

/// <summary><c>detect</c> with large photos: the page that zooms, notices, and photos that are read by rows, of which only a small picture is held.</summary>
public sealed class LargePhotoTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    private string Out => Path.Combine(_folder, "out");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_large_photo_gets_a_page_that_zooms_and_its_regions_are_linked()
    {
        string photo = Gradient("large.png", 6000, 4000);
        string[] arguments = ["detect", photo, "--weights", "random:tiny", "--image-size", "56", "--tile", "2400", "--pixel-threshold", "0.1", "--json"];

        var (code, output, errors) = Run([.. arguments, "--out", Out]);
        var without = Run([.. arguments, "--no-zoom", "--raw", "--out", Path.Combine(_folder, "without")]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(output);
        string page = json.RootElement.GetProperty("results")[0].GetProperty("zoom").GetString()!;
        Assert.Equal(Path.Combine(Out, "zoom", "large", "index.html"), page);
        int[] tiles = [.. Enumerable.Range(0, 5).Select(l => Directory.GetFiles(Path.Combine(Out, "zoom", "large", "photo", $"{l}")).Length)];
        Assert.Equal([12 * 8, 6 * 4, 3 * 2, 2, 1], tiles);
        string report = File.ReadAllText(Path.Combine(Out, "report.html"));
        Assert.Contains("href=\"zoom/large/index.html\"", report, StringComparison.Ordinal);
        Assert.Contains("href=\"zoom/large/index.html#region-1\"", report, StringComparison.Ordinal);
        // Tile (3, 2) of the second level begins at (2048, 3072) of the photo; the picture brightens by 1 in 40 pixels.
        var tile = new SkiaImageDecoder().Decode(File.ReadAllBytes(Path.Combine(Out, "zoom", "large", "photo", "1", "3_2.jpg")), "tile", new());
        Assert.InRange(tile.Data[0], (2048 + 3072) / 40 - 3, (2048 + 3072) / 40 + 3);

        Assert.True(without.Code == 0, without.Errors);
        Assert.False(Directory.Exists(Path.Combine(_folder, "without", "zoom")));
        Assert.True(File.Exists(Path.Combine(_folder, "without", "large.map.npy")));
        using var second = JsonDocument.Parse(without.Output);
        Assert.Equal(JsonValueKind.Null, second.RootElement.GetProperty("results")[0].GetProperty("zoom").ValueKind);
    }

    [Fact]
    public void A_photo_that_is_shrunk_much_is_said_once_with_the_number_of_images()
    {
        string[] photos = [Gradient("a.png", 600, 300), Gradient("b.png", 600, 300)];

        var (code, output, errors) = Run(["detect", .. photos, "--weights", "random:tiny", "--image-size", "56", "--out", Out]);

        Assert.True(code == 0, errors);
        string note = Assert.Single(output.Split('\n'), l => l.StartsWith("NOTE: 2 images: ", StringComparison.Ordinal));
        Assert.Contains("shrunk", note, StringComparison.Ordinal);
        Assert.Contains("2 images: The image has 600 x 300 pixels", File.ReadAllText(Path.Combine(Out, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Photos_read_by_rows_are_drawn_small_and_told_in_their_own_pixels()
    {
        var decoder = new RowsOnly(4200, 900);
        using var detector = Detector(decoder, new() { TileSize = 700, MaximumImageBytes = 1_000_000, MaximumMapPixels = 400_000 });
        string file = Path.Combine(_folder, "long.rows"), broken = Path.Combine(_folder, "broken.rows");
        File.WriteAllText(file, "rows");
        File.WriteAllText(broken, "broken");
        var told = new List<double>();

        var summary = new DetectionRun(detector, new() { Folder = Out, Pictures = new(), Raw = true }).Run(
            [file, broken], new() { PixelThreshold = 0.1f }, new DirectProgress<double>(told.Add), default);

        Assert.Equal((1, 2 - 1), (summary.Readable, summary.Results.Count));
        Assert.Contains("broken.rows", Assert.Single(summary.Failures), StringComparison.Ordinal);
        Assert.Equal(0, decoder.DecodedWhole);
        var overlay = Picture("long.overlay.png");
        Assert.Equal((2100, 450), (overlay.Width, overlay.Height)); // half is the first whole fraction up to 4096
        Assert.Equal((2100, 450), (Picture("long.heatmap.png").Width, Picture("long.heatmap.png").Height));
        Assert.Equal(3, summary.Notices.Count);
        Assert.Contains(summary.Notices, n => n.Contains("reduced to 2100 x 450", StringComparison.Ordinal));
        Assert.Contains(summary.Notices, n => n.Contains("--raw wrote the model's map", StringComparison.Ordinal));
        Assert.Contains(summary.Notices, n => n.Contains("TilingOptions.MaximumMapPixels", StringComparison.Ordinal));
        using var results = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "results.json")));
        var result = results.RootElement.GetProperty("results")[0].GetProperty("result");
        Assert.Equal((4200, 900), (result.GetProperty("image_width").GetInt32(), result.GetProperty("image_height").GetInt32()));
        Assert.Equal(9 * 2, Directory.GetFiles(Path.Combine(Out, "zoom", "long", "photo", "0")).Length);
        Assert.True(told.SequenceEqual(told.Order()), string.Join(", ", told));
        Assert.Contains(told, t => t > 0 && t < 1); // inside the picture
        Assert.Equal(2, told[^1]);
    }

    [Fact]
    public void A_stop_inside_a_picture_ends_the_run_and_leaves_no_half_page()
    {
        using var source = new CancellationTokenSource();
        using var detector = Detector(new RowsOnly(4200, 900), new() { TileSize = 700, MaximumImageBytes = 1_000_000 });
        string file = Path.Combine(_folder, "long.rows");
        File.WriteAllText(file, "rows");

        var summary = new DetectionRun(detector, new() { Folder = Out, Pictures = new() }).Run(
            [file], new(), new DirectProgress<double>(_ => source.Cancel()), source.Token);

        Assert.True(summary.IsCancelled);
        Assert.Equal((0, 1), (summary.Results.Count, summary.NotDone));
        Assert.False(Directory.Exists(Path.Combine(Out, "zoom")));
    }

    private static ZeroShotDetector Detector(IImageDecoder decoder, TilingOptions tiling) =>
        new ZeroShotDetectorBuilder().UseDefaultModel().WithImageSize(112).UseDecoder(decoder).WithTiling(tiling).Build();

    private RgbImage Picture(string name) => MapFiles.ReadPhoto(ImageInput.FromFile(Path.Combine(Out, name)));

    private string Gradient(string name, int width, int height)
    {
        byte[] pixels = new byte[width * height * 3];
        for (int i = 0; i < width * height; i++)
        {
            pixels.AsSpan(3 * i, 3).Fill((byte)(((i % width) + (i / width)) / 40));
        }

        string path = Path.Combine(_folder, name);
        MapFiles.WritePng(path, new(width, height, pixels));
        return path;
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MfpClip.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    /// <summary>Every file is a picture of one size that comes by rows, and cannot be held as a whole.</summary>
    private sealed class RowsOnly(int width, int height) : IImageRowDecoder
    {
        private int _decodedWhole;

        public string Name => "rows";

        public int DecodedWhole => _decodedWhole;

        public RgbImage Decode(ReadOnlyMemory<byte> encoded, string source, ImageLimits limits)
        {
            Interlocked.Increment(ref _decodedWhole);
            throw new ImageDecodeException(source, "it is too large.");
        }

        public IImageRowReader? OpenRows(string path, RowLimits limits) => new Reader(width, height, File.ReadAllText(path) == "broken" ? path : null);

        private sealed class Reader(int width, int height, string? broken) : IImageRowReader
        {
            private int _row;

            public int Width => width;

            public int Height => height;

            public void Read(Span<byte> rows)
            {
                _row += rows.Length / (width * 3);
                if (broken is not null && _row > height / 2)
                {
                    throw new ImageDecodeException(broken, "it is truncated.");
                }

                for (int i = 0; i < rows.Length; i++)
                {
                    rows[i] = (byte)((i * 7) + (_row * 31));
                }
            }

            public void Dispose()
            {
            }
        }
    }
}
