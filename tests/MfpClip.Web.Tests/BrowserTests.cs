using System.Text.Json;
using MfpClip.Calibration;

namespace MfpClip.Web.Tests;

/// <summary>The page as a person sees and uses it, in a real browser. Screenshots stay in MFPCLIP_SCREENSHOTS, where that is set.</summary>
public sealed class BrowserTests : IDisposable
{
    private static readonly string Samples = Path.Combine(Photos.Repository, "samples", "images");
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("MFPCLIP_SCREENSHOTS") is { Length: > 0 } kept)
        {
            Directory.CreateDirectory(kept);
            foreach (string shot in Directory.GetFiles(_folder, "?-*.png"))
            {
                File.Copy(shot, Path.Combine(kept, Path.GetFileName(shot)), overwrite: true);
            }
        }

        Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task Dropped_and_chosen_photos_show_score_decision_overlay_and_what_is_wrong_with_a_file()
    {
        Browser.Require();
        await using var service = await RunningService.StartAsync(("Service:MaximumFileMegabytes", "1"));
        string crack = Path.Combine(Samples, "pill-crack.png"), good = Path.Combine(Samples, "pill-good.png");
        string[] dropped =
        [
            crack, Write("notes.txt", "no photo"u8.ToArray()), Write("torn.png", (await File.ReadAllBytesAsync(good))[..20_000]),
            Write("huge.png", new byte[1_000_001]), Write("empty.png", []), Write("<b>bold<b>.png", await File.ReadAllBytesAsync(good)),
        ];

        var seen = await Browser.DriveAsync(service.Address, _folder, new
        {
            Drop = dropped, Choose = new[] { Path.Combine(Samples, "wood-stain.png") }, ClassName = "pill", Threshold = 0.5,
        });

        using var expected = ZeroShotDetector.CreateDefault();
        string Score(string path) => expected.Detect(path, new() { ClassName = "pill" }).Score.ToString("F3");
        var cards = seen.GetProperty("cards").EnumerateArray().ToList();
        Assert.Equal("Ready", Text(seen, "state"));
        Assert.Equal(["pill-crack.png", "notes.txt", "torn.png", "huge.png", "empty.png", "<b>bold<b>.png"], cards.Select(c => Text(c, "name")));
        Assert.Equal(["done", "error", "error", "error", "error", "done"], cards.Select(c => Text(c, "state")));
        Assert.Equal((Score(crack), Score(good)), (Text(cards[0], "score"), Text(cards[5], "score")));
        Assert.Contains("not an image", Text(cards[1], "message"), StringComparison.Ordinal);
        Assert.Contains("truncated", Text(cards[2], "message"), StringComparison.Ordinal);
        Assert.Contains("1.000001 MB; the service takes up to 1 MB", Text(cards[3], "message"), StringComparison.Ordinal);
        Assert.Contains("empty", Text(cards[4], "message"), StringComparison.Ordinal);
        Assert.All(cards, c => Assert.Equal(0, c.GetProperty("markup").GetInt32())); // a name is text, never HTML
        foreach (var done in new[] { cards[0], cards[5] })
        {
            Assert.Equal("data:image/jpeg;base64,", Text(done, "image"));
            Assert.Equal(256, done.GetProperty("width").GetInt32());
            Assert.Contains($"score {Text(done, "score")}", Text(done, "alt"), StringComparison.Ordinal);
            Assert.Equal("No decision", Text(done, "badge"));
        }

        Assert.Contains("6 photos", Text(seen, "summary"), StringComparison.Ordinal);
        Assert.Contains("4 not inspected", Text(seen, "summary"), StringComparison.Ordinal);
        Assert.Equal("Anomalous", seen.GetProperty("decided")[0][2].GetString()); // 0.53 against the page's threshold of 0.5
        Assert.Equal("Normal", seen.GetProperty("decided")[5][2].GetString());
        Assert.Equal("wood-stain.png", Text(seen.GetProperty("afterChoosing").EnumerateArray().Last(), "name"));
        Assert.StartsWith("blob:", seen.GetProperty("toggled")[0].GetString(), StringComparison.Ordinal);
        Assert.StartsWith("data:image", seen.GetProperty("viewer")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains("pill-crack.png,0.53", Text(seen, "csv"), StringComparison.Ordinal);
        IsSound(seen);
    }

    [SkippableFact]
    public async Task A_configured_calibration_decides_and_the_page_shows_its_threshold()
    {
        Browser.Require();
        string calibration = Path.Combine(_folder, "calibration.json");
        using (var detector = ZeroShotDetector.CreateDefault())
        {
            CalibrationFile.Save(calibration, new()
            {
                ImageThreshold = 0.5f, PixelThreshold = 0.5f, MinimumScore = 0, MaximumScore = 1, Strategy = "by hand", ClassName = "pill",
                WeightsHash = detector.Description.WeightsHash,
            });
        }

        await using var service = await RunningService.StartAsync(("MfpClip:Calibration", calibration));

        var seen = await Browser.DriveAsync(service.Address, _folder, new
        {
            Drop = new[] { Path.Combine(Samples, "pill-crack.png"), Path.Combine(Samples, "pill-good.png") }, ClassName = string.Empty,
        });

        Assert.True(seen.GetProperty("thresholdDisabled").GetBoolean());
        Assert.Contains("by hand", Text(seen, "thresholdHint"), StringComparison.Ordinal);
        Assert.Equal(["Anomalous", "Normal"], seen.GetProperty("cards").EnumerateArray().Select(c => Text(c, "badge")));
        Assert.Contains("1 anomalous · 1 normal", Text(seen, "summary"), StringComparison.Ordinal);
        IsSound(seen);
    }

    private static void IsSound(JsonElement seen)
    {
        // A refused photo is an answer of 4xx, which a browser logs as an error of its own.
        Assert.DoesNotContain(seen.GetProperty("console").EnumerateArray().Select(m => m.GetString()!),
            m => !m.StartsWith("Failed to load resource: the server responded with a status of 4", StringComparison.Ordinal));
        Assert.Empty(seen.GetProperty("failedRequests").EnumerateArray());
        Assert.Empty(seen.GetProperty("otherHosts").EnumerateArray());
        Assert.Empty(seen.GetProperty("faults").EnumerateArray());
        Assert.True(seen.GetProperty("phoneOverflow").GetInt32() <= 0 && seen.GetProperty("narrowOverflow").GetInt32() <= 0);
        Assert.True(seen.GetProperty("viewerClosed").GetBoolean());
        Assert.Equal("picture", Text(seen, "focusReturned"));
        Assert.True(seen.GetProperty("progressHidden").GetBoolean());
        Assert.Equal(1, seen.GetProperty("dropMarked").GetInt32());
        Assert.Equal(0, seen.GetProperty("afterClear").GetInt32());
        Assert.Equal(["Choose photos", "What the photos show"], seen.GetProperty("tabs").EnumerateArray().Take(2).Select(t => t.GetString()));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
