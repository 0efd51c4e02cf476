using MfpClip.Data.Procedural;
using MfpClip.Data.Readers;

namespace MfpClip.Data;

/// <summary>Opens a data set, whichever of the field's layouts it has. Only names and lists are read; images when they are requested.</summary>
public static class DataSetReader
{
    private static readonly IDataSetLayout[] Layouts = [new MetaJsonLayout(), new VisaLayout(), new PlainFolderLayout(), new MvTecLayout()];

    /// <summary>Opens a category, a data set, or a folder of data sets.</summary>
    /// <param name="path">Folder (MVTec AD: a category, a data set or a folder of data sets), or a <c>meta.json</c> or VisA's <c>1cls.csv</c>.</param>
    /// <param name="layout">The layout; <see langword="null"/>: recognised, lists (<c>meta.json</c>, <c>split_csv/1cls.csv</c>) before folders.</param>
    /// <exception cref="DataSetException">Absent, empty, of no known layout, or not in order; names the file.</exception>
    public static AnomalyDataSet Open(string path, DataSetLayout? layout = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (!Directory.Exists(path) && !File.Exists(path))
        {
            throw new DataSetException(DataSetFault.NotFound, path, "there is no such file or folder.");
        }

        try
        {
            var found = Layouts.FirstOrDefault(l => (layout is null || l.Layout == layout) && l.Recognises(path)) ?? throw Unknown(path, layout);
            var categories = found.Read(path);
            return new(Path.GetFileName(Directory.Exists(path) ? path : Path.GetDirectoryName(path)!), found.Layout, path, WithKeys(categories));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataSetException(DataSetFault.NotFound, path, $"it cannot be read ({e.Message}).", e);
        }
    }

    private static IReadOnlyList<AnomalyCategory> WithKeys(IReadOnlyList<AnomalyCategory> categories)
    {
        var shared = categories.GroupBy(c => c.Name, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        return [.. categories.Select(c => c with { Key = shared.Contains(c.Name) ? $"{c.DataSet}/{c.Name}" : c.Name })
            .OrderBy(c => c.Key, StringComparer.Ordinal)];
    }

    private static DataSetException Unknown(string path, DataSetLayout? layout) =>
        Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any()
            ? new(DataSetFault.Empty, path, "the folder is empty.")
            : new(DataSetFault.UnknownLayout, path, (layout is { } l ? $"it is not laid out as {l}." : "its layout is not known.") +
                " Known are: MVTec AD (a category with test/good and test/<defect>, a folder of categories, or a folder of such folders), VisA "
                    + "(split_csv/1cls.csv), meta.json of AnomalyCLIP or APRIL-GAN, and a folder with good/, bad/ and optionally masks/.");
}
