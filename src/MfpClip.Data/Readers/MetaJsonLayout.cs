using System.Text.Json;

namespace MfpClip.Data.Readers;

/// <summary>
/// <c>meta.json</c> as AnomalyCLIP (generate_dataset_json) and APRIL-GAN (data) write it:
/// <c>{ split: { category: [ { img_path, mask_path, cls_name, specie_name, anomaly } ] } }</c>; paths start at its folder.
/// </summary>
internal sealed class MetaJsonLayout : IDataSetLayout
{
    private const string Name = "meta.json";

    public IReadOnlyList<DataSetLayout> Layouts { get; } = [DataSetLayout.MetaJson];

    public bool Recognises(string path) =>
        File.Exists(path)
        ? path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && !RealIadLayout.IsList(path) && !TableLayout.IsTable(path)
        : File.Exists(Path.Combine(path, Name));

    public string? NearMiss(string path) => null;

    public OpenedFolder Read(string path)
    {
        string list = File.Exists(path) ? path : Path.Combine(path, Name);
        try
        {
            using var document = TextFile.ReadJson(list);
            return new(DataSetLayout.MetaJson, ListedSamples.ToCategories(list, Path.GetDirectoryName(list)!, Entries(list, document.RootElement)), []);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new DataSetException(DataSetFault.Malformed, list, $"it is not a meta.json as AnomalyCLIP and APRIL-GAN write it ({e.Message}).", e);
        }
    }

    private static IEnumerable<ListedSample> Entries(string list, JsonElement root)
    {
        foreach (var split in root.EnumerateObject())
        {
            var meant = split.Name switch
            {
                "train" => DataSplit.Train,
                "test" => DataSplit.Test,
                _ => throw new DataSetException(DataSetFault.Malformed, list, $"it has a split '{split.Name}'; known are train and test."),
            };
            foreach (var category in split.Value.EnumerateObject())
            {
                int i = 0;
                foreach (var entry in category.Value.EnumerateArray())
                {
                    bool anomalous = entry.GetProperty("anomaly").GetInt32() != 0;
                    string? specie = entry.TryGetProperty("specie_name", out var s) && s.GetString() is { Length: > 0 } name ? name : null;
                    string? mask = entry.TryGetProperty("mask_path", out var m) ? m.GetString() : null;
                    yield return new($"{split.Name}/{category.Name}[{i++}]", category.Name, meant, anomalous, specie, entry.GetProperty("img_path")
                        .GetString() ?? string.Empty, anomalous && !string.IsNullOrEmpty(mask) ? [mask] : []);
                }
            }
        }
    }
}
