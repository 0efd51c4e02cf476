using MfpClip.Data.Readers;

namespace MfpClip.Data;

/// <summary>
/// Opens data sets, whichever of the field's layouts they have (docs/data-sets.md). Only names and lists are read; images when they are requested. What is
/// found and what is ignored is in <see cref="AnomalyDataSet.Summarise"/>.
/// </summary>
public static class DataSetReader
{
    private static readonly IDataSetLayout[] Layouts =
    [
        new MetaJsonLayout(), new VisaLayout(), new TableLayout(), new RealIadLayout(), new VisaFoldersLayout(), new PlainFolderLayout(), new MvTecLayout(),
    ];

    /// <summary>Opens a category, a data set, or a folder of data sets.</summary>
    /// <param name="path">
    /// Folder (MVTec AD: a category, a data set or a folder of data sets), or a list: a <c>meta.json</c>, VisA's <c>1cls.csv</c>, a JSON file of Real-IAD, a
    /// table of images.
    /// </param>
    /// <param name="layout">The layout; <see langword="null"/>: recognised, lists before folders.</param>
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
            var found = Layouts.FirstOrDefault(l => (layout is null || l.Layouts.Contains(layout.Value)) && l.Recognises(path)) ?? throw Unknown(path, layout);
            var read = found.Read(path);
            var (categories, repeated) = CategoryKeys.Distinguish(read.Categories);
            return new(Path.GetFileName(Directory.Exists(path) ? path : Path.GetDirectoryName(path)!), read.Layout, path, categories)
            {
                Ignored = [.. read.Ignored, .. repeated],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataSetException(DataSetFault.NotFound, path, $"it cannot be read ({e.Message}).", e);
        }
        catch (Exception e) when (e is ArgumentException or NullReferenceException or InvalidOperationException or FormatException or OverflowException
            or KeyNotFoundException or IndexOutOfRangeException or NotSupportedException or System.Text.Json.JsonException)
        {
            // What a list or a table names that no file system has, such as a path with a NUL.
            throw new DataSetException(DataSetFault.Malformed, path, $"what it lists cannot be used ({e.Message.TrimEnd('.')}).", e);
        }
    }

    /// <summary>Opens several and joins them: every category keeps a key of its own, with the folders that tell equal names apart ("lineA/part").</summary>
    /// <param name="paths">At least one, each as <see cref="Open(string, DataSetLayout?)"/> takes it. A category that is given twice is used once.</param>
    /// <exception cref="DataSetException">One of them is absent, empty, of no known layout, or not in order; names the file.</exception>
    public static AnomalyDataSet Open(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        AnomalyDataSet[] sets = [.. paths.Select(p => Open(p))];
        if (sets.Length < 2)
        {
            return sets.Length == 1 ? sets[0] : throw new ArgumentException("There is no path to open.", nameof(paths));
        }

        var (categories, repeated) = CategoryKeys.Distinguish([.. sets.SelectMany(s => s.Categories)]);
        return sets[0] with
        {
            Name = string.Join(", ", sets.Select(s => s.Name).Distinct(StringComparer.Ordinal)), Categories = categories,
            Ignored = [.. sets.SelectMany(s => s.Ignored), .. repeated],
        };
    }

    private static DataSetException Unknown(string path, DataSetLayout? layout)
    {
        if (Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any())
        {
            return new(DataSetFault.Empty, path, "the folder is empty.");
        }

        string? near = Layouts.Where(l => layout is null || l.Layouts.Contains(layout.Value)).Select(l => l.NearMiss(path)).FirstOrDefault(n => n is not null);
        return new(DataSetFault.UnknownLayout, path, (near ?? (layout is { } l ? $"it is not laid out as {l}." : "its layout is not known."))
            + " Known are: MVTec AD and LOCO, AD 2, 3D, BTAD, MPDD (a category with test/good and test/<defect>, a folder of categories, or a folder of such "
            + "folders), VisA (split_csv/1cls.csv, or Data/Images), Real-IAD (realiad_jsons), meta.json of AnomalyCLIP or APRIL-GAN, a folder with good/, bad/ "
            + "and optionally masks/, and a table of images (images.csv, images.json).");
    }
}
