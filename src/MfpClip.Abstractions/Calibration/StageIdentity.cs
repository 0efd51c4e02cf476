using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MfpClip;

/// <summary>What of a stage moves scores, as entries of a <see cref="ScoreIdentity"/>.</summary>
internal static class StageIdentity
{
    // Longer values, such as lists of sentences, are named by their hash.
    private const int Longest = 100;

    private const int HashDigits = 16;

    public static IEnumerable<KeyValuePair<string, string>> Of(StageDescription stage)
    {
        if (stage.Identity is { } given)
        {
            return given;
        }

        string name = stage.Id.Length > 0 ? stage.Id : stage.Stage;
        var entries = new List<KeyValuePair<string, string>> { new(name, stage.Implementation.Length > 0 ? stage.Implementation : stage.Component) };
        var settings = Settings(name, stage.Settings);

        // A part without a stable name and settings is known by what it says to people.
        entries.AddRange(settings.Count > 0 || stage.Implementation.Length > 0 ? settings
            : stage.Options.Select(o => KeyValuePair.Create($"{name}.{o.Key}", Short(o.Value))));
        if (stage.Weights.Count > 0)
        {
            entries.Add(new($"{name}.weights", string.Join(' ', stage.Weights.Select(w => w.Sha256[..Math.Min(HashDigits, w.Sha256.Length)]))));
        }

        return entries;
    }

    private static List<KeyValuePair<string, string>> Settings(string name, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return [.. Flatten(name, document.RootElement)];
        }
        catch (JsonException)
        {
            return [new($"{name}.settings", Short(json))];
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Flatten(string name, JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().SelectMany(p => Flatten($"{name}.{p.Name}", p.Value))
        : [new(name, Short(element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText()))];

    private static string Short(string value) =>
        value.Length <= Longest ? value : $"sha256 {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))[..HashDigits]}";
}
