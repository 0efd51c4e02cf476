using System.Text.Json;

namespace MfpClip.Data.Readers;

/// <summary>
/// A table of images for everything that lies in no other way: <c>images.csv</c> or <c>images.json</c> (an array of objects), or any file of the two kinds,
/// with the columns image and label, and where there are any mask, category, split, kind. Paths start at its folder.
/// </summary>
internal sealed class TableLayout : IDataSetLayout
{
    // The first name is the documented one; the others are those of tables that people have.
    private static readonly (string Name, string[] Names)[] Columns =
    [
        ("image", ["image", "image_path", "img_path", "path", "file", "filename"]), ("label", ["label", "label_index", "anomaly", "is_anomalous"]),
        ("mask", ["mask", "mask_path", "masks"]), ("category", ["category", "object", "cls_name", "class"]), ("split", ["split", "subset"]),
        ("kind", ["kind", "defect", "defect_type", "specie_name", "anomaly_class"]),
    ];

    private static readonly string[] Files = ["images.csv", "images.json"];

    public IReadOnlyList<DataSetLayout> Layouts { get; } = [DataSetLayout.Table];

    public bool Recognises(string path) => !File.Exists(path) ? Array.Exists(Files, f => File.Exists(Path.Combine(path, f)))
        : path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && IsTable(path));

    public string? NearMiss(string path) => ImageFolder.Lists(path, ".csv") is [var csv, ..]
        ? $"it has a list {Path.GetFileName(csv)}; a table of images is called {Files[0]} or {Files[1]}, or is given as the file." : null;

    public OpenedFolder Read(string path)
    {
        string list = File.Exists(path) ? path : Files.Select(f => Path.Combine(path, f)).First(File.Exists);
        string root = Path.GetDirectoryName(list)!;
        var entries = list.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? Csv(list) : Json(list);
        return new(DataSetLayout.Table, ListedSamples.ToCategories(list, root, entries.Select(e => Sample(list, root, e.Where, e.Fields))), []);
    }

    /// <summary>Whether a JSON file is a table: an array.</summary>
    public static bool IsTable(string path)
    {
        try
        {
            using var document = TextFile.ReadJson(path);
            return document.RootElement.ValueKind == JsonValueKind.Array;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IEnumerable<(string Where, Func<string, string?> Fields)> Csv(string list)
    {
        var table = CsvTable.Read(list);
        var at = Columns.ToDictionary(c => c.Name, c => table.Column(c.Names), StringComparer.Ordinal);
        return at["image"] < 0 || (at["label"] < 0 && at["kind"] < 0)
            ? throw new DataSetException(DataSetFault.Malformed, list, "its first line must name the columns image and label; mask, category, split and kind "
                + "may follow.")
            : table.Rows.Select(row => ($"line {row.Line}", (Func<string, string?>)(column => at[column] < 0 ? null : row.Fields[at[column]])));
    }

    private static List<(string Where, Func<string, string?> Fields)> Json(string list)
    {
        try
        {
            using var document = TextFile.ReadJson(list);
            return [.. document.RootElement.EnumerateArray().Select((entry, i) =>
            {
                var fields = entry.EnumerateObject().ToDictionary(p => p.Name.ToLowerInvariant(), p => Text(p.Value), StringComparer.Ordinal);
                return ($"entry {i + 1}", (Func<string, string?>)(column =>
                    Columns.First(c => c.Name == column).Names.Select(n => fields.GetValueOrDefault(n)).FirstOrDefault(v => v is not null)));
            })];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new DataSetException(DataSetFault.Malformed, list,
                $"it is not a table of images: an array of objects with image, label, and where there are any mask, category, split, kind ({e.Message}).", e);
        }
    }

    // Several masks are an array; they are joined as in a CSV field.
    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Array => string.Join(';', value.EnumerateArray().Select(Text)),
        _ => value.GetRawText(),
    };

    private static ListedSample Sample(string list, string root, string where, Func<string, string?> field)
    {
        string? Value(string column) => field(column) is { } v && !string.IsNullOrWhiteSpace(v) ? v.Trim() : null;
        string image = Value("image") ?? throw new DataSetException(DataSetFault.Malformed, list, $"{where} names no image.");
        string? kind = Value("kind");
        bool anomalous = Value("label") is { } label ? Label(list, where, label)
            : kind is null ? throw new DataSetException(DataSetFault.Malformed, list, $"{where} has no label; it must be normal or defective.")
            : !FolderNames.IsNormal(kind);
        return new(
            where, Value("category") ?? Path.GetFileName(root), Split(list, where, Value("split")), anomalous,
            kind is null || FolderNames.IsNormal(kind) ? null : kind, image, anomalous && Value("mask") is { } mask ? Masks(list, root, where, mask) : []);
    }

    private static bool Label(string list, string where, string label) =>
        FolderNames.IsNormal(label) || label is "0" or "0.0" || label.Equals("false", StringComparison.OrdinalIgnoreCase) ? false
        : FolderNames.Is(label, FolderNames.Defective) || label is "1" or "1.0" || label.Equals("true", StringComparison.OrdinalIgnoreCase) ? true
        : throw new DataSetException(DataSetFault.Malformed, list,
            $"{where}: the label is '{label}'; it must be normal (or {FolderNames.List(FolderNames.Normal[..2])}, 0, false) or "
            + $"defective (or {FolderNames.List(FolderNames.Defective[..3])}, 1, true). A kind of defect stands in the column kind.");

    private static DataSplit Split(string list, string where, string? split) => split is null ? DataSplit.Test
        : Array.Find(FolderNames.Splits, s => s.Name.Equals(split, StringComparison.OrdinalIgnoreCase)) is { Name: not null } known ? known.Split
        : throw new DataSetException(DataSetFault.Malformed, list, $"{where}: the split is '{split}'; it must be train, validation or test.");

    // A name may itself hold a semicolon.
    private static string[] Masks(string list, string root, string where, string masks) => File.Exists(ListedSamples.Inside(list, root, where, masks))
        ? [masks] : masks.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
