namespace MfpClip.Data.Readers;

/// <summary>A line of a list that names an image; <c>Where</c> is its line or entry, for errors.</summary>
internal sealed record ListedSample(string Where, string Category, DataSplit Split, bool IsAnomalous, string? Defect, string Image, string? Mask);

/// <summary>Categories from a list of files.</summary>
internal static class ListedSamples
{
    /// <param name="list">The list, for errors.</param>
    /// <param name="root">The folder that the list's paths start at; a list may not point outside it.</param>
    /// <param name="lines">What it says.</param>
    public static IReadOnlyList<AnomalyCategory> ToCategories(string list, string root, IEnumerable<ListedSample> lines)
    {
        var categories = lines.GroupBy(l => l.Category, StringComparer.Ordinal).Select(group => new AnomalyCategory
        {
            DataSet = Path.GetFileName(root), Name = group.Key, Key = group.Key, ClassName = AnomalyCategory.AsText(group.Key),
            Path = Directory.Exists(Path.Combine(root, group.Key)) ? Path.Combine(root, group.Key) : root,
            Samples = [.. group.Select(l => new AnomalySample
            {
                Category = l.Category, Split = l.Split, IsAnomalous = l.IsAnomalous, Defect = l.IsAnomalous ? l.Defect ?? "anomaly" : null,
                ImagePath = Inside(list, root, l.Where, l.Image),
                MaskPath = l.IsAnomalous && !string.IsNullOrEmpty(l.Mask) ? Inside(list, root, l.Where, l.Mask) : null,
            }).OrderBy(s => s.Split).ThenBy(s => s.ImagePath, StringComparer.Ordinal)],
        }).ToList();
        return categories.Count > 0 ? categories : throw new DataSetException(DataSetFault.Empty, list, "it lists no images.");
    }

    private static string Inside(string list, string root, string where, string relative)
    {
        string path = Path.GetFullPath(Path.Combine(root, relative.Replace('\\', '/')));
        if (!path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new DataSetException(DataSetFault.Malformed, list, $"{where} names '{relative}', which lies outside of the data set's folder.");
        }

        return File.Exists(path) ? path : throw new DataSetException(
            DataSetFault.MissingFile, path, $"{Path.GetFileName(list)}, {where}, names this file, but it is not there.");
    }
}
