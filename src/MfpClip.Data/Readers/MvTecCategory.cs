namespace MfpClip.Data.Readers;

/// <summary>Reads one category of <see cref="MvTecLayout"/>.</summary>
internal static class MvTecCategory
{
    private static readonly string[] WithoutLabels = ["test_private", "test_private_mixed"];

    public static (AnomalyCategory Category, DataSetLayout Layout) Read(string folder)
    {
        var content = new CategoryContent(Path.GetFileName(folder), folder);
        var (masks, layout) = (new MaskMatching(), DataSetLayout.MvTec);
        foreach (string inner in ImageFolder.Folders(folder))
        {
            string name = Path.GetFileName(inner);
            if (Array.Find(FolderNames.Splits, s => s.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { Name: not null } split)
            {
                layout = ReadSplit(content, masks, inner, split.Split) ?? (name.Equals("test_public", StringComparison.OrdinalIgnoreCase)
                    ? DataSetLayout.MvTecAd2 : layout);
            }
            else if (!FolderNames.Is(name, FolderNames.Masks))
            {
                bool known = FolderNames.Is(name, WithoutLabels);
                content.Ignore(ImageFolder.Images(inner), known ? IgnoredReason.NoLabel : IgnoredReason.UnknownFolder, n => known
                    ? $"{n} in {name}/ (without labels)" : $"{n} in {name}/ (no folder of this layout)");
            }
        }

        content.Ignore(ImageFolder.Read(folder, recursive: false).Images, IgnoredReason.NoLabel, n => $"{n} directly in the category's folder (without label)");
        OrphanKinds(content, masks, folder);
        content.Take(masks);
        string? parent = Path.GetFileName(Path.GetDirectoryName(folder));
        var category = content.ToCategory(parent is { Length: > 0 } ? parent : content.Name);
        return (category, layout == DataSetLayout.MvTec && category.Samples.Any(s => s.MaskPaths.Count > 1) ? DataSetLayout.MvTecLoco : layout);
    }

    // The layout, where the split shows that it is a special one.
    private static DataSetLayout? ReadSplit(CategoryContent content, MaskMatching masks, string folder, DataSplit split)
    {
        DataSetLayout? layout = null;
        string name = Path.GetFileName(folder);
        var direct = ImageFolder.Read(folder, recursive: false);
        content.Ignore(direct.Images, IgnoredReason.NoLabel,
            n => $"{n} directly in {name}/ (without label: put them into {name}/good or {name}/<kind of defect>)");
        content.IgnoreOthers(direct.Skipped);
        foreach (string kind in ImageFolder.Folders(folder).Where(k => !FolderNames.Is(Path.GetFileName(k), FolderNames.Masks)))
        {
            layout = ReadKind(content, masks, split, folder, kind) ? DataSetLayout.MvTec3D : layout;
        }

        return layout;
    }

    // Whether photographs lie beside other measurements.
    private static bool ReadKind(CategoryContent content, MaskMatching masks, DataSplit split, string splitFolder, string kindFolder)
    {
        string kind = Path.GetFileName(kindFolder);
        bool normal = FolderNames.IsNormal(kind);
        string? photographs = ImageFolder.Children(kindFolder, FolderNames.Photographs).FirstOrDefault(ImageFolder.HasImages);
        string from = photographs ?? kindFolder;
        var files = ImageFolder.Read(from);
        if (split != DataSplit.Test && !normal)
        {
            string shown = $"{Path.GetFileName(splitFolder)}/{kind}";
            content.Ignore(files.Images, IgnoredReason.UnknownFolder,
                n => $"{n} in {shown}/ (only normal images are read there, from a folder called {FolderNames.List(FolderNames.Normal)})");
            return photographs is not null;
        }

        content.IgnoreOthers(files.Skipped);
        MaskOwner[] owners = [.. files.Images.Select(i => new MaskOwner(i, ImageFolder.Relative(from, i)))];
        foreach (string masksOfKind in split == DataSplit.Test ? MaskFolders(content.Folder, splitFolder, kindFolder, photographs) : [])
        {
            masks.Add(masksOfKind, normal ? [] : owners, normal ? owners : []);
        }

        content.Add(split, files.Images, _ => normal ? null : kind, masks);
        foreach (string other in photographs is null ? [] : ImageFolder.Folders(kindFolder)
            .Where(f => f != photographs && !FolderNames.Is(Path.GetFileName(f), FolderNames.MasksOfKind)))
        {
            var left = ImageFolder.Read(other);
            content.Ignore([.. left.Images, .. left.Skipped.Select(s => s.Path)], IgnoredReason.OtherModality,
                n => $"{n} in {Path.GetFileName(splitFolder)}/{kind}/{Path.GetFileName(other)} (not photographs)");
        }

        return photographs is not null;
    }

    // ground_truth/kind of the category, of the split (AD 2), or gt inside of the kind (3D).
    private static IEnumerable<string> MaskFolders(string category, string split, string kindFolder, string? photographs) =>
    [
        .. new[] { category, split }.SelectMany(f => ImageFolder.Children(f, FolderNames.Masks)).Select(f => Path.Combine(f, Path.GetFileName(kindFolder)))
            .Where(Directory.Exists),
        .. photographs is null ? [] : ImageFolder.Children(kindFolder, FolderNames.MasksOfKind),
    ];

    // Masks of kinds of which there is no folder of images.
    private static void OrphanKinds(CategoryContent content, MaskMatching masks, string folder)
    {
        string[] tests = [.. ImageFolder.Folders(folder).Where(f => FolderNames.IsTest(Path.GetFileName(f)))];
        var kinds = tests.SelectMany(ImageFolder.Folders).Select(Path.GetFileName).ToHashSet(StringComparer.Ordinal);
        foreach (string truth in tests.Prepend(folder).SelectMany(f => ImageFolder.Children(f, FolderNames.Masks)))
        {
            string name = Path.GetFileName(truth);
            content.Ignore(ImageFolder.Read(truth, recursive: false).Images, IgnoredReason.MaskWithoutImage,
                n => $"{n} directly in {name}/ (they lie in {name}/<kind of defect>)");
            foreach (string kind in ImageFolder.Folders(truth).Where(k => !kinds.Contains(Path.GetFileName(k))))
            {
                masks.Add(kind, [], []);
            }
        }
    }
}
