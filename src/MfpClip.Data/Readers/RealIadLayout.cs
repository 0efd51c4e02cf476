using System.Text.Json;

namespace MfpClip.Data.Readers;

/// <summary>
/// Real-IAD: <c>realiad_jsons/category.json</c> or <c>realiad_jsons/realiad_jsons/category.json</c>, each
/// <c>{ meta: { prefix, normal_class }, train: [...], test: [ { category, anomaly_class, image_path, mask_path } ] }</c>, next to a folder of images such as
/// <c>realiad_1024/category/</c>, where their paths start. One JSON file may be given instead: other splits of it lie in other folders.
/// </summary>
internal sealed class RealIadLayout : IDataSetLayout
{
    private const string Lists = "realiad_jsons";

    public IReadOnlyList<DataSetLayout> Layouts { get; } = [DataSetLayout.RealIad];

    public bool Recognises(string path) => File.Exists(path) ? IsList(path) : ListFolder(path) is not null;

    public string? NearMiss(string path) => Directory.Exists(Path.Combine(path, Lists))
        ? $"it looks like Real-IAD, but neither {Lists}/ nor {Lists}/{Lists}/ holds JSON files." : null;

    public OpenedFolder Read(string path)
    {
        string[] lists = File.Exists(path) ? [path] : [.. ListFolder(path)!.Order(StringComparer.Ordinal)];
        return new(DataSetLayout.RealIad, [.. lists.SelectMany(ReadList)], []);
    }

    private static IReadOnlyList<string>? ListFolder(string path) => new[] { Path.Combine(path, Lists), Path.Combine(path, Lists, Lists) }
        .Select(f => ImageFolder.Lists(f, ".json")).FirstOrDefault(f => f.Count > 0);

    /// <summary>Whether a file is a list of Real-IAD.</summary>
    public static bool IsList(string path)
    {
        try
        {
            if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            using var document = TextFile.ReadJson(path);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("meta", out _)
                && (IsArray(root, "train") || IsArray(root, "test"));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsArray(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array;

    private static IReadOnlyList<AnomalyCategory> ReadList(string list)
    {
        try
        {
            using var document = TextFile.ReadJson(list);
            var root = document.RootElement;
            string normal = Text(root.GetProperty("meta"), "normal_class") ?? "OK", prefix = Text(root.GetProperty("meta"), "prefix") ?? string.Empty;
            string category = Path.GetFileNameWithoutExtension(list);
            ListedSample[] entries = [.. Entries(root, "train", DataSplit.Train, normal, category), .. Entries(root, "test", DataSplit.Test, normal, category)];
            if (entries.Length == 0)
            {
                throw new DataSetException(DataSetFault.Empty, list, "it lists no images.");
            }

            string data = DataFolder(list);
            string start = Start(list, data, entries[0], [prefix, entries[0].Category, string.Empty]);
            return ListedSamples.ToCategories(list, data, entries.Select(e => e with
            {
                Image = Path.Combine(start, e.Image), Masks = [.. e.Masks.Select(m => Path.Combine(start, m))],
            }));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new DataSetException(DataSetFault.Malformed, list, $"it is not a list of Real-IAD ({e.Message}).", e);
        }
    }

    private static IEnumerable<ListedSample> Entries(JsonElement root, string name, DataSplit split, string normal, string category)
    {
        int i = 0;
        foreach (var entry in root.TryGetProperty(name, out var entries) ? entries.EnumerateArray() : default)
        {
            string kind = entry.GetProperty("anomaly_class").GetString() ?? normal;
            string? mask = kind == normal ? null : Text(entry, "mask_path");
            yield return new($"{name}[{i++}]", Text(entry, "category") ?? category, split, kind != normal, kind,
                entry.GetProperty("image_path").GetString() ?? string.Empty, string.IsNullOrEmpty(mask) ? [] : [mask]);
        }
    }

    // The folder that holds the folder of lists.
    private static string DataFolder(string list)
    {
        string folder = Path.GetDirectoryName(list)!;
        while (Path.GetFileName(folder).StartsWith(Lists, StringComparison.OrdinalIgnoreCase))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    // Where the paths start: the folder of the largest images that has the first one.
    private static string Start(string list, string data, ListedSample first, IReadOnlyList<string> prefixes)
    {
        string[] images = [.. ImageFolder.Folders(data).Where(f => Path.GetFileName(f) is var n && n.StartsWith("realiad_", StringComparison.OrdinalIgnoreCase)
            && !n.StartsWith(Lists, StringComparison.OrdinalIgnoreCase)).OrderByDescending(f => Path.GetFileName(f).Length)
            .ThenByDescending(Path.GetFileName, StringComparer.Ordinal), data];
        return images.SelectMany(f => prefixes.Select(p => Path.GetRelativePath(data, Path.Combine(f, p.TrimStart('/')))))
            .FirstOrDefault(start => File.Exists(Path.Combine(data, start, first.Image)))
            ?? throw new DataSetException(DataSetFault.MissingFile, Path.Combine(data, first.Image),
                $"{Path.GetFileName(list)}, {first.Where}, names this file, but it is in none of the folders "
                + $"{string.Join(", ", images.Select(Path.GetFileName))}.");
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
