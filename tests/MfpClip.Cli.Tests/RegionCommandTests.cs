using System.Diagnostics;
using System.Text.Json;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Cli.Tests;

/// <summary>Commands with <c>--roi</c>.</summary>
public sealed class RegionCommandTests : IDisposable
{
    private static readonly string[] Random = ["--weights", "random:tiny", "--image-size", "56"];
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Detect_looks_inside_polygons_only_and_draws_their_outline()
    {
        string photo = Photo("photos/a.png"), roi = Path.Combine(_folder, "roi.json"), output = Path.Combine(_folder, "out");
        File.WriteAllText(roi, """
            { "imageWidth": 180, "imageHeight": 120, "shapes": [
              { "label": "part", "shape_type": "polygon", "points": [[0, 0], [80, 0], [80, 120], [0, 120]] } ] }
            """);

        var (code, _, errors) = Run(["detect", photo, "--roi", roi, "--raw", "--out", output, .. Random]);

        Assert.True(code == 0, errors);
        var map = Npy(Path.Combine(output, "a.map.npy"), 90 * 60);
        Assert.All(Enumerable.Range(0, 90 * 60).Where(i => i % 90 >= 40), i => Assert.Equal(0, map[i]));
        Assert.Contains(map, v => v > 0);
        var overlay = new SkiaImageDecoder().Decode(File.ReadAllBytes(Path.Combine(output, "a.overlay.png")), "a", new());
        Assert.Equal([255, 0, 255], overlay.Pixels.Slice(((30 * 90) + 39) * 3, 3).ToArray());
    }

    [Fact]
    public void A_calibration_holds_for_its_region_alone()
    {
        string[] photos = [Photo("photos/a.png"), Photo("photos/b.png")];
        string calibration = Path.Combine(_folder, "c.json"), mask = Path.Combine(_folder, "mask.png"), output = Path.Combine(_folder, "out");
        MapFiles.WritePng(mask, new(9, 6, [.. Enumerable.Range(0, 54 * 3).Select(i => (byte)(i / 3 % 9 < 4 ? 255 : 0))]));

        Assert.Equal(0, Run(["calibrate", "--good", .. photos, "--roi", mask, "--out", calibration, .. Random]).Code);

        var same = Run(["detect", photos[0], "--calibration", calibration, "--roi", mask, "--out", output, .. Random]);
        var other = Run(["detect", photos[0], "--calibration", calibration, "--out", output, .. Random]);
        Assert.True(same.Code == 0, same.Errors);
        Assert.Equal(1, other.Code);
        Assert.Contains("detector_region: calibration has mask, the detector has none", other.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_counts_what_is_outside()
    {
        Category("set/nut");
        string mask = Path.Combine(_folder, "mask.png"), output = Path.Combine(_folder, "out");
        MapFiles.WritePng(mask, new(9, 6, [.. Enumerable.Range(0, 54 * 3).Select(i => (byte)(i / 3 % 9 < 3 ? 255 : 0))]));

        var (code, text, errors) = Run(["evaluate", "--data", Path.Combine(_folder, "set"), "--roi", mask, "--out", output, "--json", .. Random]);

        Assert.True(code == 0, errors);
        using var results = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "results.json")));
        var uncovered = results.RootElement.GetProperty("runs")[0].GetProperty("categories")[0].GetProperty("uncovered");
        Assert.Equal(4 * 60 * 60, uncovered.GetProperty("pixels").GetInt64());
        // The defects of 20 x 20 begin at x = 10 and x = 40: the first ends where the region does, the second is outside.
        Assert.Equal((400, 800), (uncovered.GetProperty("defect_pixels").GetInt32(), uncovered.GetProperty("total_defect_pixels").GetInt32()));
        Assert.Equal("test/blot/1.png", uncovered.GetProperty("defects")[0].GetProperty("image").GetString());
        Assert.Contains("not inspected", text + errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_with_a_region_is_an_error_of_the_command_line()
    {
        string photo = Photo("photos/a.png"), broken = Path.Combine(_folder, "broken.json");
        File.WriteAllText(broken, """{ "polygons": [ [[0, 0], [1, 1]] ] }""");
        (string[] Arguments, string Fault)[] wrong =
        [
            (["detect", photo, "--roi", Path.Combine(_folder, "absent.png")], "there is no file"),
            (["detect", photo, "--roi", broken], "polygon 1 has 2 points"),
            (["detect", photo, "--roi", broken, "--roi-margin", "3"], "--roi-margin has no effect without --roi foreground"),
            (["references", "add", Path.Combine(_folder, "r.safetensors"), photo, "--roi", "foreground"], "hold for every region"),
        ];
        foreach (var (arguments, fault) in wrong)
        {
            var (code, _, errors) = Run([.. arguments, .. Random]);
            Assert.Equal(2, code);
            Assert.Contains(fault, errors, StringComparison.Ordinal);
        }
    }

    private void Category(string path)
    {
        for (int i = 0; i < 2; i++)
        {
            Photo($"{path}/train/good/{i}.png");
            Photo($"{path}/test/good/{i}.png");
            Photo($"{path}/test/blot/{i}.png");
            int left = 10 + (30 * i);
            Directory.CreateDirectory(Path.Combine(_folder, path, "ground_truth", "blot"));
            MapFiles.WritePng(Path.Combine(_folder, path, "ground_truth", "blot", $"{i}_mask.png"), new(90, 60, [.. Enumerable.Range(0, 90 * 60 * 3).Select(
                p => (byte)(p / 3 % 90 >= left && p / 3 % 90 < left + 20 && p / 3 / 90 is >= 10 and < 30 ? 255 : 0))]));
        }
    }

    private string Photo(string name)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var pixels = new byte[90 * 60 * 3];
        new Random(name.Length + name[^5]).NextBytes(pixels);
        MapFiles.WritePng(path, new(90, 60, pixels));
        return path;
    }

    private static float[] Npy(string path, int count)
    {
        byte[] file = File.ReadAllBytes(path);
        float[] values = new float[count];
        Buffer.BlockCopy(file, file.Length - (4 * count), values, 0, 4 * count);
        return values;
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
}
