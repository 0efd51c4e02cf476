namespace MfpClip.Data.Readers;

/// <summary>
/// A folder of one's own: <c>good</c>, <c>bad</c> and, where there are any, <c>masks</c>, or other names for the same (<see cref="FolderNames"/>). Sub-folders
/// of defective images are kinds. Everything belongs to the test. A folder of such folders is a data set.
/// </summary>
internal sealed class PlainFolderLayout : IDataSetLayout
{
    public IReadOnlyList<DataSetLayout> Layouts { get; } = [DataSetLayout.PlainFolder];

    public bool Recognises(string path) => Categories(path).Count > 0;

    public string? NearMiss(string path)
    {
        string[] known = [.. ImageFolder.Children(path, [.. FolderNames.Normal, .. FolderNames.Defective])];
        return known.Length == 0 ? null
            : $"it looks like a folder of normal and defective images, but {string.Join(" and ", known.Select(k => $"{Path.GetFileName(k)}/"))} "
                + (known.Length == 1 ? "holds" : "hold") + " no images.";
    }

    public OpenedFolder Read(string path) => new(DataSetLayout.PlainFolder, [.. Categories(path).Select(ReadCategory)],
    [
        .. IsCategory(path) ? [] : ImageFolder.Folders(path).Where(f => !IsCategory(f) && ImageFolder.HasImages(f)).Select(f => new IgnoredPath(
            f, IgnoredReason.UnknownFolder, $"{Path.GetFileName(f)}/ holds images, but no folder of normal or of defective ones", 1)),
    ]);

    private static IReadOnlyList<string> Categories(string path) => !Directory.Exists(path) || MvTecLayout.IsCategory(path) ? []
        : IsCategory(path) ? [path]
        : ImageFolder.Folders(path).Any(f => MvTecLayout.IsCategory(f) || ImageFolder.Folders(f).Any(MvTecLayout.IsCategory)) ? []
        : [.. ImageFolder.Folders(path).Where(f => IsCategory(f) && !FolderNames.Is(Path.GetFileName(f), FolderNames.Masks))];

    // A category of another layout may itself be called "normal".
    private static bool IsCategory(string path) => ImageFolder.Children(path, [.. FolderNames.Normal, .. FolderNames.Defective])
        .Any(f => ImageFolder.HasImages(f) && !MvTecLayout.IsCategory(f));

    private static AnomalyCategory ReadCategory(string path)
    {
        string name = Path.GetFileName(path);
        var content = new CategoryContent(name, path);
        string[] maskFolders = [.. ImageFolder.Children(path, FolderNames.Masks)];
        var (defective, normal) = (new List<MaskOwner>(), new List<MaskOwner>());
        var kinds = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string folder in ImageFolder.Folders(path).Except(maskFolders))
        {
            string inner = Path.GetFileName(folder);
            var files = ImageFolder.Read(folder);
            bool isNormal = FolderNames.IsNormal(inner), isDefective = FolderNames.Is(inner, FolderNames.Defective);
            if (!isNormal && !isDefective && !maskFolders.Any(m => ImageFolder.HasImages(Path.Combine(m, inner))))
            {
                content.Ignore(files.Images, IgnoredReason.UnknownFolder,
                    n => $"{n} in {inner}/ (neither normal nor defective by its name; put a kind of defect into bad/{inner})");
                continue;
            }

            content.IgnoreOthers(files.Skipped);
            foreach (string image in files.Images)
            {
                string below = ImageFolder.Relative(folder, image);
                (isNormal ? normal : defective).Add(new(image, isNormal || isDefective ? [below, $"{inner}/{below}"] : [$"{inner}/{below}"]));
                kinds[image] = isDefective && below.IndexOf('/') is var slash and > 0 ? below[..slash] : inner;
            }
        }

        var masks = Match(maskFolders, defective, normal);
        content.Add(DataSplit.Test, defective.Select(d => d.Path), i => kinds[i], masks);
        content.Add(DataSplit.Test, normal.Select(n => n.Path), _ => null);
        content.Ignore(ImageFolder.Read(path, recursive: false).Images, IgnoredReason.NoLabel,
            n => $"{n} beside the folders (without label)");
        content.Take(masks);
        return content.ToCategory(name);
    }

    // An image of a sub-folder may have its mask directly in the folder of masks, where no other image has its name.
    private static MaskMatching Match(IReadOnlyList<string> folders, IReadOnlyList<MaskOwner> defective, IReadOnlyList<MaskOwner> normal)
    {
        var stems = defective.GroupBy(d => Path.GetFileNameWithoutExtension(d.Path), StringComparer.Ordinal).Where(g => g.Count() == 1)
            .ToDictionary(g => g.First().Path, g => g.Key, StringComparer.Ordinal);
        MaskOwner[] all = [.. defective.Select(d => stems.TryGetValue(d.Path, out string? stem) ? d with { Names = [.. d.Names, stem] } : d)];
        var masks = new MaskMatching();
        foreach (string folder in folders)
        {
            masks.Add(folder, all, normal);
        }

        return masks;
    }
}
