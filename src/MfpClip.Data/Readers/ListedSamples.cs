using System.Globalization;

namespace MfpClip.Data.Readers;

/// <summary>A line of a list that names an image.</summary>
/// <param name="Where">Its line or entry, for errors.</param>
/// <param name="Category">Category.</param>
/// <param name="Split">What the image is meant for.</param>
/// <param name="IsAnomalous">Whether it is defective.</param>
/// <param name="Defect">Kind of defect, where it is known.</param>
/// <param name="Image">Path from the list's root.</param>
/// <param name="Masks">Paths of masks from the list's root.</param>
internal sealed record ListedSample(
    string Where, string Category, DataSplit Split, bool IsAnomalous, string? Defect, string Image, IReadOnlyList<string> Masks);

/// <summary>Categories from a list of files.</summary>
internal static class ListedSamples
{
    /// <param name="list">The list, for errors.</param>
    /// <param name="root">The folder that the list's paths start at; a list may not point outside it.</param>
    /// <param name="lines">What it says.</param>
    public static IReadOnlyList<AnomalyCategory> ToCategories(string list, string root, IEnumerable<ListedSample> lines)
    {
        ListedSample[] all = [.. lines];
        if (all.Length == 0)
        {
            throw new DataSetException(DataSetFault.Empty, list, "it lists no images.");
        }

        RefuseMissing(list, root, all);
        return [.. all.GroupBy(l => l.Category, StringComparer.Ordinal).Select(group => Category(list, root, group.Key, [.. group]))];
    }

    /// <summary>The file that a list names.</summary>
    /// <exception cref="DataSetException">It lies outside of the root.</exception>
    public static string Inside(string list, string root, string where, string relative)
    {
        string path = Path.GetFullPath(Path.Combine(root, relative.Replace('\\', '/')));
        return path.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? path
            : throw new DataSetException(DataSetFault.Malformed, list, $"{where} names '{relative}', which lies outside of the data set's folder.");
    }

    // One error for all of them: a list whose folder was not unpacked is not mended file by file.
    private static void RefuseMissing(string list, string root, ListedSample[] lines)
    {
        (string Where, string Path)[] missing =
        [
            .. lines.SelectMany(l => l.Masks.Prepend(l.Image).Select(f => (l.Where, Path: Inside(list, root, l.Where, f)))).Where(f => !File.Exists(f.Path))
                .DistinctBy(f => f.Path),
        ];
        if (missing.Length > 0)
        {
            string more = missing.Length == 1 ? string.Empty : string.Create(CultureInfo.InvariantCulture,
                $" {missing.Length} files are missing: {CategoryContent.Names([.. missing.Select(m => m.Path)])}.");
            throw new DataSetException(DataSetFault.MissingFile, missing[0].Path,
                $"{Path.GetFileName(list)}, {missing[0].Where}, names this file, but it is not there.{more}");
        }
    }

    private static AnomalyCategory Category(string list, string root, string name, ListedSample[] lines)
    {
        var samples = new List<AnomalySample>();
        var again = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (var same in lines.GroupBy(l => Inside(list, root, l.Where, l.Image), StringComparer.Ordinal))
        {
            ListedSample[] of = [.. same];
            if (Array.Find(of, l => l.IsAnomalous != of[0].IsAnomalous || l.Split != of[0].Split) is { } other)
            {
                throw new DataSetException(DataSetFault.Malformed, list, $"{of[0].Where} and {other.Where} name the same image '{of[0].Image}', but contradict "
                    + "each other in its label or split. Remove one of them.");
            }

            again.UnionWith(of[1..]);
            samples.Add(new()
            {
                Category = name, Split = of[0].Split, IsAnomalous = of[0].IsAnomalous, ImagePath = same.Key,
                Defect = of[0].IsAnomalous ? of[0].Defect ?? "anomaly" : null,
                // A list may have a line for each mask.
                MaskPaths = of[0].IsAnomalous
                    ? [.. of.SelectMany(l => l.Masks.Select(m => Inside(list, root, l.Where, m))).Distinct(StringComparer.Ordinal)] : [],
            });
        }

        List<ListedSample> repeated = [.. lines.Where(again.Contains)];
        string named = string.Join(", ", repeated.Take(3).Select(r => $"{r.Where}: {r.Image}")) + (repeated.Count > 3 ? ", ..." : string.Empty);
        return new()
        {
            DataSet = Path.GetFileName(root), Name = name, Key = name, ClassName = AnomalyCategory.AsText(name), List = list,
            Path = IsFolderName(name) && Directory.Exists(Path.Combine(root, name)) ? Path.Combine(root, name) : root,
            Samples = [.. samples.OrderBy(s => s.Split).ThenBy(s => s.ImagePath, StringComparer.Ordinal)],
            Ignored = repeated.Count == 0 ? [] : [new(list, IgnoredReason.RepeatedLine, string.Create(CultureInfo.InvariantCulture,
                $"{repeated.Count} repeated {(repeated.Count == 1 ? "line" : "lines")} of {Path.GetFileName(list)}, counted once ({named})"), repeated.Count)],
        };
    }

    private static bool IsFolderName(string name) => name is not ("." or "..") && name == Path.GetFileName(name);
}
