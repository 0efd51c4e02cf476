namespace MfpClip.Data.Readers;

/// <summary>
/// MVTec AD and what follows it: <c>category/train/good</c>, <c>category/test/good</c>, <c>category/test/kind</c>,
/// <c>category/ground_truth/kind/name_mask.png</c>; a category, a folder of categories, or a folder of such folders. Without <c>ground_truth</c> a category
/// has image labels only. BTAD, MPDD and VisA prepared for PyTorch differ in names; LOCO, AD 2 and 3D in where masks and photographs lie.
/// </summary>
internal sealed class MvTecLayout : IDataSetLayout
{
    private static readonly string[] SplitNames = [.. FolderNames.Splits.Select(s => s.Name)];

    public IReadOnlyList<DataSetLayout> Layouts { get; } = [DataSetLayout.MvTec, DataSetLayout.MvTecLoco, DataSetLayout.MvTecAd2, DataSetLayout.MvTec3D];

    public bool Recognises(string path) => Directory.Exists(path) && CategoryFolders(path).Any();

    public string? NearMiss(string path)
    {
        var splits = ImageFolder.Children(path, SplitNames);
        if (splits.Count > 0)
        {
            string split = Path.GetFileName(splits[0]);
            return $"it looks like a category of MVTec AD, but {split}/ holds no folders: images lie in {split}/good and test/<kind of defect>.";
        }

        return ImageFolder.Children(path, ["ground_truth"]).Count > 0
            ? "it looks like a category of MVTec AD, but there is no folder train/ or test/ beside ground_truth/." : null;
    }

    public OpenedFolder Read(string path)
    {
        var read = CategoryFolders(path).Select(MvTecCategory.Read).ToList();
        DataSetLayout[] layouts = [.. read.Select(r => r.Layout).Distinct()];
        return new(layouts.Length == 1 ? layouts[0] : DataSetLayout.MvTec, [.. read.Select(r => r.Category)], [.. Beside(path)]);
    }

    public static bool IsCategory(string folder) => ImageFolder.Children(folder, SplitNames).Any(s => ImageFolder.Folders(s).Count > 0);

    // One, two or three levels: the folder itself, its folders, or theirs.
    private static IEnumerable<string> CategoryFolders(string path)
    {
        if (IsCategory(path))
        {
            return [path];
        }

        return ImageFolder.Folders(path).SelectMany(inner => IsCategory(inner) ? [inner] : ImageFolder.Folders(inner).Where(IsCategory));
    }

    private static IEnumerable<IgnoredPath> Beside(string path) => IsCategory(path) ? [] : ImageFolder.Folders(path)
        .Where(f => !IsCategory(f) && !ImageFolder.Folders(f).Any(IsCategory) && ImageFolder.HasImages(f))
        .Select(f => new IgnoredPath(f, IgnoredReason.UnknownFolder,
            $"{Path.GetFileName(f)}/ is not a category (there is no train/ or test/ with folders in it); open it on its own if it has another layout", 1));
}
