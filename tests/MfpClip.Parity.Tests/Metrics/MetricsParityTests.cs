using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using MfpClip.Data;
using MfpClip.Evaluation.Metrics;
using MfpClip.Parity.Tests.Methods;

namespace MfpClip.Parity.Tests.Metrics;

/// <summary>Metrics against scikit-learn, AnomalyCLIP/APRIL-GAN, anomalib and MVTec's code; cases, fields and tolerances as the manifest names them.</summary>
public class MetricsParityTests
{
    private static JsonElement Manifest => Goldens.Manifest("metrics");

    [SkippableFact]
    public void Image_level_metrics_agree()
    {
        var failures = new List<string>();
        int compared = 0;
        foreach (var entry in Goldens.Json(File("image_level")).EnumerateArray())
        {
            double[] scores = [.. entry.GetProperty("scores").EnumerateArray().Select(Number)];
            bool[] labels = [.. entry.GetProperty("labels").EnumerateArray().Select(l => l.GetInt32() != 0)];
            Compare(entry, ImageMetrics.Compute(scores, labels), failures, ref compared);
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(compared > 0);
    }

    [SkippableFact]
    public void Pixel_level_metrics_agree()
    {
        var tensors = Goldens.Tensors(File("pixel_level", ".safetensors"));
        var failures = new List<string>();
        int compared = 0;
        foreach (var entry in Goldens.Json(File("pixel_level")).EnumerateArray())
        {
            string name = entry.GetProperty("name").GetString()!;
            var (maps, masks) = Read(tensors[$"{name}.maps"], tensors[$"{name}.masks"]);
            Compare(entry, Accumulate(maps, masks, new()).Compute().Ranking, failures, ref compared);
            Assert.Equal(entry.GetProperty("regions_8_connected").GetInt32(), Accumulate(maps, masks, new()).Compute().Regions);
            foreach (var field in entry.EnumerateObject().Where(p => p.Name.StartsWith("aupro_", StringComparison.Ordinal)))
            {
                Check($"{name}.{field.Name}", field.Value, Aupro(field.Name, maps, masks), Tolerance(field.Name), failures, ref compared);
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(compared > 0);
    }

    private static MetricValue Aupro(string field, List<AnomalyMap> maps, List<AnomalyMask> masks)
    {
        if (Regex.Match(field, @"^aupro_(\d+)_steps(?:_fpr_([\d.]+))?(_float64_maps)?$") is { Success: true } steps)
        {
            var options = new PixelMetricsOptions
            {
                AuthorsSteps = int.Parse(steps.Groups[1].Value, CultureInfo.InvariantCulture), FprLimit = Limit(steps.Groups[2].Value),
            };
            return Accumulate(maps, masks, options).Stepped(singlePrecision: !steps.Groups[3].Success);
        }

        if (Regex.Match(field, @"^aupro_mvtec_(\d+)_thresholds_([\d.]+)$") is { Success: true } mvtec)
        {
            return Accumulate(maps, masks, new() { FprLimit = Limit(mvtec.Groups[2].Value) })
                .AmongBackground(int.Parse(mvtec.Groups[1].Value, CultureInfo.InvariantCulture));
        }

        var anomalib = Regex.Match(field, @"^aupro_anomalib_([\d.]+)$");
        Assert.True(anomalib.Success, $"The field '{field}' is not known.");
        // anomalib takes a mask that is anomalous throughout for background, and gives 0 where no region is left (manifest, notes).
        var seen = masks.ConvertAll(m => m.Data.All(v => v) ? AnomalyMask.Empty(m.Width, m.Height) : m);
        var metrics = Accumulate(maps, seen, new() { FprLimit = Limit(anomalib.Groups[1].Value) }).Compute();
        return metrics.Regions == 0 ? new(0) : metrics.Aupro;
    }

    private static void Compare(JsonElement entry, RankingMetrics metrics, List<string> failures, ref int compared)
    {
        string name = entry.GetProperty("name").GetString()!;
        double tolerance = Tolerance("auroc");
        Check($"{name}.auroc", entry.GetProperty("auroc"), metrics.Auroc, tolerance, failures, ref compared);
        Check($"{name}.ap", entry.GetProperty("ap"), metrics.AveragePrecision, tolerance, failures, ref compared);
        Check($"{name}.f1_max", entry.GetProperty("f1_max"), metrics.F1Max, tolerance, failures, ref compared);
    }

    private static void Check(string name, JsonElement expected, MetricValue actual, double tolerance, List<string> failures, ref int compared)
    {
        compared++;
        var value = expected.GetProperty("value");
        if (value.ValueKind == JsonValueKind.Null)
        {
            if (actual.Value is not null || string.IsNullOrEmpty(actual.Reason))
            {
                failures.Add($"{name}: {actual.Value}, expected none ({expected.GetProperty("status").GetString()})");
            }
        }
        else if (actual.Value is not { } v || !(Math.Abs(v - value.GetDouble()) <= tolerance))
        {
            failures.Add(
                $"{name}: {actual.Value?.ToString("r", CultureInfo.InvariantCulture) ?? actual.Reason}, expected {value.GetRawText()} within {tolerance}");
        }
    }

    private static PixelMetricsAccumulator Accumulate(List<AnomalyMap> maps, List<AnomalyMask> masks, PixelMetricsOptions options)
    {
        var accumulator = new PixelMetricsAccumulator(options);
        for (int i = 0; i < maps.Count; i++)
        {
            accumulator.Add(maps[i], masks[i]);
        }

        return accumulator;
    }

    private static (List<AnomalyMap> Maps, List<AnomalyMask> Masks) Read(Tensor maps, Tensor masks)
    {
        var (n, h, w) = ((int)maps.shape[0], (int)maps.shape[1], (int)maps.shape[2]);
        float[] values = maps.data<float>().ToArray();
        bool[] truth = [.. masks.data<byte>().ToArray().Select(b => b != 0)];
        var images = Enumerable.Range(0, n).ToList();
        return (images.ConvertAll(i => new AnomalyMap(w, h, values[(i * h * w)..((i + 1) * h * w)])), images.ConvertAll(
            i => new AnomalyMask(w, h, truth[(i * h * w)..((i + 1) * h * w)])));
    }

    // A tolerance's key names the fields it is for, by their beginning: "aupro_200_steps and aupro_50_steps".
    private static double Tolerance(string field)
    {
        foreach (var tolerance in Manifest.GetProperty("tolerance").EnumerateObject())
        {
            if (tolerance.Name.Split([",", " and "], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Any(n => field.StartsWith(n, StringComparison.Ordinal)))
            {
                return tolerance.Value.ValueKind == JsonValueKind.Number ? tolerance.Value.GetDouble()
                    : double.Parse(Regex.Match(tolerance.Value.GetString()!, @"^[\d.]+(e-?\d+)?").Value, CultureInfo.InvariantCulture);
            }
        }

        // Other numbers of steps than the tolerance names are steps all the same.
        Assert.Matches(@"^aupro_\d+_steps", field);
        return Tolerance("aupro_200_steps");
    }

    private static double Limit(string text) => text.Length > 0 ? double.Parse(text, CultureInfo.InvariantCulture) : 0.3;

    private static double Number(JsonElement e) => e.ValueKind == JsonValueKind.Number ? e.GetDouble() : e.GetString() switch
    {
        "nan" => double.NaN,
        "inf" => double.PositiveInfinity,
        _ => double.NegativeInfinity,
    };

    private static string File(string name, string ending = ".json") =>
        Path.Combine(Goldens.Family("metrics"), Manifest.GetProperty("files").EnumerateObject().Single(f => f.Name == name + ending).Name);
}
