using System.Text.Json;

namespace MfpClip.Models.Tiny.Tests;

/// <summary>The default model gives the scores and maps that it gave in version 0.1 (commit 99bb859).</summary>
public sealed class SameAsVersion01Tests
{
    // Other processors round in other orders.
    private const double Tolerance = 2e-4;

    private const int Side = 8;

    [SkippableFact]
    public void Scores_and_maps_of_the_sample_images_are_those_of_version01()
    {
        Skip.IfNot(TinyModel.IsAvailable, "This build carries no weights: see docs/tiny-model.md.");
        string root = Root();
        string json = File.ReadAllText(Path.Combine(root, "tests", "MfpClip.Models.Tiny.Tests", "SameAsVersion01.json"));
        var expected = JsonSerializer.Deserialize<Dictionary<string, Values>>(json)!;
        using var detector = new ZeroShotDetectorBuilder().UseDefaultModel().Build();
        var wrong = new List<string>();
        foreach (var (name, values) in expected)
        {
            var result = detector.Detect(Path.Combine(root, "samples", "images", name));
            double score = Math.Abs(values.Score - result.Score);
            double map = values.Map.Zip(Grid(result.ModelMap), (a, b) => Math.Abs((double)a - b)).Max();
            if (!(score <= Tolerance && map <= Tolerance))
            {
                wrong.Add(FormattableString.Invariant($"{name}: the score differs by {score:0.######}, the map by up to {map:0.######}"));
            }
        }

        Assert.Equal(8, expected.Count);
        Assert.Empty(wrong);
    }

    /// <summary>The values at the centres of a grid of equal cells.</summary>
    internal static float[] Grid(AnomalyMap map) =>
    [
        .. Enumerable.Range(0, Side * Side).Select(i => map[((2 * (i % Side)) + 1) * map.Width / (2 * Side), ((2 * (i / Side)) + 1) * map.Height / (2 * Side)]),
    ];

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The solution was not found above the tests.");
    }

    /// <summary>What the default model gives for one image.</summary>
    internal sealed record Values(float Score, float[] Map);
}
