using MfpClip.Data.Procedural;

namespace MfpClip.Data.Readers;

/// <summary>A folder of one's own: <c>good</c>, <c>bad</c> and, where there are any, <c>masks</c>. Everything belongs to the test.</summary>
internal sealed class PlainFolderLayout : IDataSetLayout
{
    public DataSetLayout Layout => DataSetLayout.PlainFolder;

    public bool Recognises(string path) => ImageFolder.HasImages(Path.Combine(path, "good")) || ImageFolder.HasImages(Path.Combine(path, "bad"));

    public IReadOnlyList<AnomalyCategory> Read(string path)
    {
        string name = Path.GetFileName(path);
        var bad = ImageFolder.Images(Path.Combine(path, "bad"));
        var good = ImageFolder.Images(Path.Combine(path, "good"));
        var masks = ImageFolder.Masks(Path.Combine(path, "masks"), bad, good);
        AnomalySample Sample(string image, bool anomalous) => new()
        {
            Category = name, Split = DataSplit.Test, ImagePath = image, IsAnomalous = anomalous,
            Defect = anomalous ? "bad" : null, MaskPath = masks.GetValueOrDefault(image),
        };
        return
        [
            new()
            {
                DataSet = name, Name = name, Key = name, Path = path, ClassName = AnomalyCategory.AsText(name),
                Samples = [.. bad.Select(i => Sample(i, true)), .. good.Select(i => Sample(i, false))],
            },
        ];
    }
}
