using MfpClip.Data.Procedural;

namespace MfpClip.Data.Readers;

/// <summary>
/// MVTec AD: <c>category/train/good</c>, <c>category/test/good</c>, <c>category/test/kind</c>, <c>category/ground_truth/kind/name_mask.png</c>.
/// A category, a folder of categories, or a folder of such folders. Without <c>ground_truth</c> a category has image labels only.
/// </summary>
internal sealed class MvTecLayout : IDataSetLayout
{
    public DataSetLayout Layout => DataSetLayout.MvTec;

    public bool Recognises(string path) => Directory.Exists(path) && CategoryFolders(path).Any();

    public IReadOnlyList<AnomalyCategory> Read(string path) => [.. CategoryFolders(path).Select(ReadCategory)];

    // One, two or three levels: the folder itself, its folders, or theirs.
    private static IEnumerable<string> CategoryFolders(string path)
    {
        if (IsCategory(path))
        {
            return [path];
        }

        return ImageFolder.Folders(path).SelectMany(inner => IsCategory(inner) ? [inner] : ImageFolder.Folders(inner).Where(IsCategory));
    }

    private static bool IsCategory(string folder) =>
        ImageFolder.Folders(Path.Combine(folder, "test")).Count > 0 || ImageFolder.Folders(Path.Combine(folder, "train")).Count > 0;

    private static AnomalyCategory ReadCategory(string folder)
    {
        string name = Path.GetFileName(folder);
        var samples = new List<AnomalySample>();
        foreach (var split in Enum.GetValues<DataSplit>())
        {
            foreach (string kind in ImageFolder.Folders(Path.Combine(folder, split == DataSplit.Train ? "train" : "test")))
            {
                samples.AddRange(ReadKind(folder, name, split, kind));
            }
        }

        if (samples.Count == 0)
        {
            throw new DataSetException(DataSetFault.Empty, folder, "the category holds no images in train/ and test/.");
        }

        var orphans = ImageFolder.Folders(Path.Combine(folder, "ground_truth")).Where(g => !Directory.Exists(Path.Combine(folder, "test", Path.GetFileName(g))))
            .SelectMany(ImageFolder.Images);
        if (orphans.FirstOrDefault() is { } orphan)
        {
            throw new DataSetException(
                DataSetFault.MaskWithoutImage, orphan, $"there is no folder test/{Path.GetFileName(Path.GetDirectoryName(orphan))} with its image.");
        }

        return new()
        {
            DataSet = Path.GetFileName(Path.GetDirectoryName(folder)) is { Length: > 0 } parent ? parent : name,
            Name = name, Key = name, Path = folder, ClassName = AnomalyCategory.AsText(name), Samples = samples,
        };
    }

    private static IEnumerable<AnomalySample> ReadKind(string folder, string category, DataSplit split, string kindFolder)
    {
        string kind = Path.GetFileName(kindFolder);
        bool good = kind.Equals("good", StringComparison.OrdinalIgnoreCase);
        var images = ImageFolder.Images(kindFolder);
        // Some sets carry all-black masks of normal images: they say nothing that the label does not.
        var masks = split == DataSplit.Test ? ImageFolder.Masks(Path.Combine(folder, "ground_truth", kind), images, []) : [];
        return images.Select(image => new AnomalySample
        {
            Category = category, Split = split, ImagePath = image, IsAnomalous = !good,
            Defect = good ? null : kind, MaskPath = good ? null : masks.GetValueOrDefault(image),
        });
    }
}
