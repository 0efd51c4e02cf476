using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using MfpClip.Evaluation.Metrics;
using MfpClip.Files;

namespace MfpClip.Evaluation.Reports;

/// <summary>Results as they are kept: <c>results.json</c> with all figures and curves, and the images of the cases beside it.</summary>
internal static partial class ResultsFile
{
    public const string Name = "results.json";
    private const int Format = 1;
    private static readonly (string Ending, Func<EvaluationCase, byte[]?> Get)[] Pictures =
        [(".photo.jpg", c => c.Photo), (".truth.png", c => c.Truth), (".map.jpg", c => c.Map), (".overlay.jpg", c => c.Overlay)];

    private static readonly JsonSerializerOptions Json = new()
    {
        TypeInfoResolver = ReflectedJson.Resolver,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new PointConverter(), new CaseConverter() },
    };

    public static void Write(string folder, EvaluationReport report)
    {
        int number = 0;
        var written = new HashSet<string>(StringComparer.Ordinal);
        var runs = report.Runs.Select(r => r with
        {
            Categories = [.. r.Categories.Select(c => c with
            {
                Cases = [.. c.Cases.Select((k, i) => k with
                {
                    Pictures = Save(folder, $"{++number:000}-{FileName(c.Key)}-{k.Kind.ToString().ToLowerInvariant()}-{i + 1}-{Hash(k)}", k, written),
                })],
            })],
        }).ToList();
        AtomicFile.Write(Path.Combine(folder, Name), s => JsonSerializer.Serialize(s, new Stored(Format, runs), Json));
        RemoveOthers(Path.Combine(folder, "cases"), written);
    }

    // In the name, so that the results of one run never go with the pictures of another, whenever it is killed.
    private static string Hash(EvaluationCase c)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, get) in Pictures)
        {
            hash.AppendData(get(c) ?? []);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 4));
    }

    // Pictures of the results that were there before.
    private static void RemoveOthers(string folder, HashSet<string> written)
    {
        foreach (string file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [])
        {
            string name = Path.GetFileName(file);
            if (!written.Contains(name) && Picture().IsMatch(name))
            {
                AtomicFile.Remove(file);
            }
        }
    }

    // "001-screw-worst-1-1a2b3c4d.photo.jpg", of version 0.1 without the hash.
    [GeneratedRegex(@"^\d{3,}-[A-Za-z0-9_]+-[a-z]+-\d+(-[0-9a-f]{8})?\.(photo\.jpg|truth\.png|map\.jpg|overlay\.jpg)$")]
    private static partial Regex Picture();

    /// <exception cref="ResultsException">Absent, damaged, or of another format.</exception>
    public static IReadOnlyList<EvaluationRun> Read(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, Name) : path;
        try
        {
            var stored = JsonSerializer.Deserialize<Stored>(File.ReadAllBytes(file), Json) ?? throw new JsonException("it is empty");
            if (stored.Format != Format || stored.Runs is not { Count: > 0 })
            {
                throw new ResultsException(
                    file, stored.Runs is { Count: > 0 } ? $"it has format {stored.Format}; this version reads format {Format}." : "it holds no run.");
            }

            string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
            return [.. stored.Runs.Select(r => r with
            {
                Categories = [.. r.Categories.Select(c => c with { Cases = [.. c.Cases.Select(k => Load(folder, k)).OfType<EvaluationCase>()] })],
            })];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or NotSupportedException or ArgumentException
            or NullReferenceException or InvalidOperationException or FormatException or OverflowException or KeyNotFoundException)
        {
            throw new ResultsException(file, e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file; 'evaluate --out' writes it."
                : $"it cannot be read ({e.Message}).", e);
        }
    }

    private static string Save(string folder, string name, EvaluationCase c, HashSet<string> written)
    {
        foreach (var (ending, get) in Pictures)
        {
            if (get(c) is { } bytes)
            {
                AtomicFile.Write(Path.Combine(folder, "cases", name + ending), s => s.Write(bytes));
                written.Add(name + ending);
            }
        }

        return name;
    }

    // A case whose images were deleted is left out; a name may not lead out of the folder.
    private static EvaluationCase? Load(string folder, EvaluationCase c)
    {
        if (c.Pictures is not { Length: > 0 } name || name != Path.GetFileName(name) || name.Contains('\\', StringComparison.Ordinal))
        {
            return null;
        }

        byte[]? Picture(string ending) => Path.Combine(folder, "cases", name + ending) is var path && File.Exists(path) ? File.ReadAllBytes(path) : null;
        return Picture(".photo.jpg") is { } photo && Picture(".map.jpg") is { } map && Picture(".overlay.jpg") is { } overlay
            ? c with { Photo = photo, Truth = Picture(".truth.png"), Map = map, Overlay = overlay } : null;
    }

    private static string FileName(string key) => string.Concat(key.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    private sealed record Stored(int Format, IReadOnlyList<EvaluationRun> Runs);

    // [x, y], to the precision of a drawing.
    private sealed class PointConverter : JsonConverter<CurvePoint>
    {
        public override CurvePoint Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            double[] xy = JsonSerializer.Deserialize<double[]>(ref reader, options) ?? [];
            return xy.Length == 2 ? new(xy[0], xy[1]) : throw new JsonException("a point of a curve needs two numbers");
        }

        public override void Write(Utf8JsonWriter writer, CurvePoint value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(Math.Round(value.X, 5));
            writer.WriteNumberValue(Math.Round(value.Y, 5));
            writer.WriteEndArray();
        }
    }

    // The images are files.
    private sealed class CaseConverter : JsonConverter<EvaluationCase>
    {
        public override EvaluationCase Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var stored = JsonSerializer.Deserialize<StoredCase>(ref reader, options) ?? throw new JsonException("a case is empty");
            return new() { Kind = stored.Kind, Outcome = stored.Outcome, Pictures = stored.Pictures, Photo = [], Map = [], Overlay = [] };
        }

        public override void Write(Utf8JsonWriter writer, EvaluationCase value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, new StoredCase(value.Kind, value.Outcome, value.Pictures), options);
    }

    private sealed record StoredCase(CaseKind Kind, ImageOutcome Outcome, string? Pictures);
}

/// <summary>Saved results cannot be read.</summary>
public sealed class ResultsException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public ResultsException(string path, string reason, Exception? innerException = null)
        : base($"Results '{path}': {reason}", innerException) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }
}
