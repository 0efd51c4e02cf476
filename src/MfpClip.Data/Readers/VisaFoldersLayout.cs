namespace MfpClip.Data.Readers;

/// <summary>
/// VisA as it is unpacked, without <c>split_csv</c>, or one of its categories: <c>Data/Images/{Normal,Anomaly}</c>, <c>Data/Masks/Anomaly</c>;
/// <c>image_anno.csv</c> names kinds of defects. Everything belongs to the test.
/// </summary>
internal sealed class VisaFoldersLayout : IDataSetLayout
{
    public IReadOnlyList<DataSetLayout> Layouts { get; } = [DataSetLayout.VisaFolders];

    public bool Recognises(string path) => Categories(path).Count > 0;

    public string? NearMiss(string path) => ImageFolder.Children(path, ["Data"]) is [var data, ..] && ImageFolder.Children(data, ["Images"]).Count > 0
        ? "it looks like a category of VisA, but Data/Images/ has no folder Normal/ or Anomaly/ with images." : null;

    public OpenedFolder Read(string path) => new(DataSetLayout.VisaFolders, [.. Categories(path).Select(ReadCategory)], []);

    private static IReadOnlyList<string> Categories(string path) =>
        !Directory.Exists(path) ? [] : Images(path) is not null ? [path] : [.. ImageFolder.Folders(path).Where(f => Images(f) is not null)];

    private static string? Images(string category) => ImageFolder.Children(category, ["Data"]).SelectMany(d => ImageFolder.Children(d, ["Images"]))
        .FirstOrDefault(i => ImageFolder.Children(i, [.. FolderNames.Normal, .. FolderNames.Defective]).Any(ImageFolder.HasImages));

    private static AnomalyCategory ReadCategory(string path)
    {
        var content = new CategoryContent(Path.GetFileName(path), path);
        string images = Images(path)!, data = Path.GetDirectoryName(images)!;
        var (masks, kinds) = (new MaskMatching(), Kinds(path));
        foreach (string folder in ImageFolder.Folders(images))
        {
            string name = Path.GetFileName(folder);
            var files = ImageFolder.Read(folder);
            bool normal = FolderNames.IsNormal(name);
            if (!normal && !FolderNames.Is(name, FolderNames.Defective))
            {
                content.Ignore(files.Images, IgnoredReason.UnknownFolder, n => $"{n} in Data/Images/{name}/ (neither normal nor defective by its name)");
                continue;
            }

            MaskOwner[] owners = [.. files.Images.Select(i => new MaskOwner(i, ImageFolder.Relative(folder, i)))];
            foreach (string of in ImageFolder.Children(data, FolderNames.Masks).SelectMany(m => ImageFolder.Children(m, [name])))
            {
                masks.Add(of, normal ? [] : owners, normal ? owners : []);
            }

            content.IgnoreOthers(files.Skipped);
            content.Add(DataSplit.Test, files.Images, i => normal ? null : kinds.GetValueOrDefault(Path.GetFileName(i)) ?? name, masks);
        }

        content.Take(masks);
        content.Notice("There is no split_csv/1cls.csv: all images belong to the test.");
        return content.ToCategory(Path.GetFileName(Path.GetDirectoryName(path)) is { Length: > 0 } parent ? parent : content.Name);
    }

    // Name of an image to its kinds of defects.
    private static Dictionary<string, string> Kinds(string category)
    {
        string list = Path.Combine(category, "image_anno.csv");
        if (!File.Exists(list))
        {
            return [];
        }

        var table = CsvTable.Read(list);
        var (image, label) = (table.Column("image"), table.Column("label"));
        return image < 0 || label < 0 ? [] : table.Rows.Where(r => !FolderNames.IsNormal(r.Fields[label]) && r.Fields[label].Length > 0)
            .GroupBy(r => r.Fields[image].Replace('\\', '/').Split('/')[^1], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First().Fields[label], StringComparer.Ordinal);
    }
}
