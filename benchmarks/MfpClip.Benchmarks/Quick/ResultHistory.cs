using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MfpClip.Benchmarks.Quick;

/// <summary>Results of commits over time: files in a folder, and a page that plots every figure and marks those that became worse.</summary>
internal static class ResultHistory
{
    /// <summary>What a change must exceed to be marked: less is noise of a shared machine.</summary>
    private const double Noise = 0.1;

    private const int Earlier = 5, Width = 560, Height = 120, Border = 12;

    // Figures of which less is better; of all others more is.
    private static readonly string[] LessIsBetter = ["_ms", "_mb", "_over_", "difference", "outside_"];

    /// <summary>Writes a line of results as a file of its own, with commit, time and machine.</summary>
    public static string Record(string folder, string run, string json)
    {
        Directory.CreateDirectory(folder);
        string version = typeof(ResultHistory).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? string.Empty;
        string commit = version.Split('+') is [_, var hash] ? hash[..Math.Min(12, hash.Length)] : "unknown";
        var now = DateTimeOffset.UtcNow;
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMdd-HHmmss}-{run}-{commit}.json"));
        var entry = new JsonObject
        {
            ["commit"] = commit, ["time"] = now.ToString("O", CultureInfo.InvariantCulture), ["run"] = run, ["processors"] = Environment.ProcessorCount,
            ["results"] = JsonNode.Parse(json),
        };
        File.WriteAllText(path, entry.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        return path;
    }

    /// <summary>Makes the page of a folder.</summary>
    /// <returns>0; 1 where the last result of a figure is worse than those before it.</returns>
    public static int WritePage(string folder, string page, TextWriter log)
    {
        var entries = Directory.EnumerateFiles(folder, "*.json").Select(Read).OrderBy(e => e.Time).ToList();
        var html = new StringBuilder("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Results by commit</title><style>")
            .Append("body{font:14px sans-serif;margin:2em}svg{background:#f6f6f6}h2{font-size:15px;margin:1.2em 0 .2em}.worse{color:#b00}</style>")
            .Append("<h1>Results by commit</h1><p>Each point is a commit, oldest first; the newest is marked red where it is more than ")
            .Append(CultureInfo.InvariantCulture, $"{100 * Noise:0} % worse than the median of the {Earlier} before it. ")
            .Append("Times of different machines do not compare.</p>");
        int worse = 0;
        foreach (var figure in entries.SelectMany(e => e.Values.Select(v => (Key: $"{e.Run}: {v.Key}", Point: (e.Commit, e.Time, v.Value)))).GroupBy(f => f.Key)
            .OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            var points = figure.Select(f => f.Point).ToList();
            bool less = LessIsBetter.Any(l => figure.Key.Contains(l, StringComparison.Ordinal)), isWorse = IsWorse([.. points.Select(p => p.Value)], less);
            worse += isWorse ? 1 : 0;
            if (isWorse)
            {
                log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"worse: {figure.Key} is {points[^1].Value:0.####} at {points[^1].Commit}"));
            }

            html.Append(CultureInfo.InvariantCulture, $"<h2{(isWorse ? " class=\"worse\"" : string.Empty)}>{WebUtility.HtmlEncode(figure.Key)}: ")
                .Append(CultureInfo.InvariantCulture, $"{points[^1].Value:0.####} ({(less ? "less" : "more")} is better)</h2>").Append(Plot(points, isWorse));
        }

        File.WriteAllText(page, html.Append("</html>\n").ToString());
        log.WriteLine($"{entries.Count} results, {worse} figures worse: {page}");
        return worse > 0 ? 1 : 0;
    }

    private static bool IsWorse(double[] values, bool less)
    {
        double[] before = [.. values[..^1].TakeLast(Earlier).Order()];
        if (before.Length == 0)
        {
            return false;
        }

        double usual = before[before.Length / 2];
        return less ? values[^1] > usual + (Noise * Math.Abs(usual)) : values[^1] < usual - (Noise * Math.Abs(usual));
    }

    private static string Plot(List<(string Commit, DateTimeOffset Time, double Value)> points, bool isWorse)
    {
        double most = Math.Max(points.Max(p => p.Value), double.Epsilon), least = Math.Min(0, points.Min(p => p.Value));
        var places = points.Select((p, i) => (
            X: Border + (i * (Width - (2.0 * Border)) / Math.Max(1, points.Count - 1)),
            Y: Height - Border - ((p.Value - least) / (most - least) * (Height - (2.0 * Border))))).ToList();
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg width=\"{Width}\" height=\"{Height}\"><polyline fill=\"none\" stroke=\"#888\" points=\"");
        svg.AppendJoin(' ', places.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.X:0.#},{p.Y:0.#}"))).Append("\"/>");
        for (int i = 0; i < points.Count; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{places[i].X:0.#}\" cy=\"{places[i].Y:0.#}\" r=\"4\" fill=\"")
                .Append(isWorse && i == points.Count - 1 ? "#b00" : "#06c")
                .Append(CultureInfo.InvariantCulture, $"\"><title>{WebUtility.HtmlEncode(points[i].Commit)}, ")
                .Append(CultureInfo.InvariantCulture, $"{points[i].Time:yyyy-MM-dd HH:mm}: {points[i].Value:0.####}</title></circle>");
        }

        return svg.Append("</svg>").ToString();
    }

    private static (string Commit, DateTimeOffset Time, string Run, Dictionary<string, double> Values) Read(string path)
    {
        var entry = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        return ((string)entry["commit"]!, DateTimeOffset.Parse((string)entry["time"]!, CultureInfo.InvariantCulture), (string)entry["run"]!,
            entry["results"]!.AsObject().Where(v => v.Value is JsonValue n && n.TryGetValue<double>(out _)).ToDictionary(v => v.Key, v => (double)v.Value!));
    }
}
