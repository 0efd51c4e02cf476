using System.Globalization;

namespace MfpClip.Data.Readers;

/// <summary>Gathers what a category holds and what is ignored in it while a layout reads its folders.</summary>
/// <param name="name">Name of the category.</param>
/// <param name="folder">Its folder.</param>
internal sealed class CategoryContent(string name, string folder)
{
    private readonly List<AnomalySample> _samples = [];
    private readonly List<IgnoredPath> _ignored = [];
    private readonly List<string> _notices = [];
    private readonly List<SkippedFile> _others = [];

    /// <summary>Name of the category.</summary>
    public string Name => name;

    /// <summary>Its folder.</summary>
    public string Folder => folder;

    /// <summary>Number of images so far.</summary>
    public int Count => _samples.Count;

    /// <summary>Takes images of one kind.</summary>
    /// <param name="split">What they are meant for.</param>
    /// <param name="images">The files.</param>
    /// <param name="defect">Kind of an image; <see langword="null"/>: normal.</param>
    /// <param name="masks">Their masks.</param>
    public void Add(DataSplit split, IEnumerable<string> images, Func<string, string?> defect, MaskMatching? masks = null) =>
        _samples.AddRange(images.Select(image => new AnomalySample
        {
            Category = name, Split = split, ImagePath = image, IsAnomalous = defect(image) is not null, Defect = defect(image),
            MaskPaths = defect(image) is null ? [] : masks?.Of(image) ?? [],
        }));

    /// <summary>Notes that something is ignored; nothing where there is no file.</summary>
    public void Ignore(IReadOnlyList<string> files, IgnoredReason reason, Func<string, string> explain)
    {
        if (files.Count > 0)
        {
            _ignored.Add(new(files[0], reason, explain(Files(files.Count, reason)), files.Count));
        }
    }

    /// <summary>Notes what a search for images did not take; files that are no images are named together in the end.</summary>
    public void IgnoreOthers(IEnumerable<SkippedFile> files) => _others.AddRange(files);

    /// <summary>Adds a sentence that users must know.</summary>
    public void Notice(string sentence) => _notices.Add(sentence);

    /// <summary>Takes over what masks could not be given to an image, and refuses masks of which none could.</summary>
    /// <exception cref="DataSetException">There are masks, defective images and no pair of them.</exception>
    public void Take(MaskMatching masks)
    {
        if (masks.WithoutImage.Count > 0 && _samples.Exists(s => s.IsAnomalous) && !_samples.Exists(s => s.MaskPath is not null))
        {
            throw new DataSetException(DataSetFault.MaskWithoutImage, masks.WithoutImage[0],
                $"none of the {masks.WithoutImage.Count} masks belongs to an image: a mask has the name of its image without the ending, with or without "
                + $"\"_mask\", or lies in a folder of that name. An image here is '{_samples.Find(s => s.IsAnomalous)!.ImagePath}'. Rename or remove "
                + "the masks.");
        }

        IgnoreOthers(masks.Unreadable);
        Ignore(masks.WithoutImage, IgnoredReason.MaskWithoutImage, n => $"{n} without image ({Names(masks.WithoutImage)})");
        Ignore(masks.OfNormalImages, IgnoredReason.MaskOfNormalImage, n => $"{n} of normal images");
    }

    /// <summary>The category.</summary>
    /// <param name="dataSet">Name of its data set.</param>
    /// <exception cref="DataSetException">It holds no image.</exception>
    public AnomalyCategory ToCategory(string dataSet)
    {
        if (_samples.Count == 0)
        {
            throw new DataSetException(DataSetFault.Empty, folder, "the category holds no images."
                + (_ignored.Count == 0 ? string.Empty : $" Ignored: {string.Join("; ", _ignored.Select(i => i.Explanation))}."));
        }

        foreach (var fault in _others.Where(o => o.IsFault))
        {
            Ignore([fault.Path], IgnoredReason.Unreadable, _ => $"{Path.GetFileName(fault.Path)} ({fault.Explanation.TrimEnd('.')})");
        }

        string[] others = [.. _others.Where(o => !o.IsFault).Select(o => o.Path)];
        Ignore(others, IgnoredReason.NotAnImage, n => $"{n} {(others.Length == 1 ? "that is no image" : "that are no images")} ({Names(others)})");
        var test = _samples.FindAll(s => s.Split == DataSplit.Test);
        if (test.Count > 0 && test.TrueForAll(s => s.IsAnomalous))
        {
            _notices.Add($"There is no normal test image: normal images lie in a folder called {FolderNames.List(FolderNames.Normal)}.");
        }

        return new()
        {
            DataSet = dataSet, Name = name, Key = name, Path = folder, ClassName = AnomalyCategory.AsText(name), Ignored = _ignored, Notices = _notices,
            Samples = [.. _samples.OrderBy(s => s.Split).ThenBy(s => s.ImagePath, StringComparer.Ordinal)],
        };
    }

    /// <summary>Some of the names of files.</summary>
    public static string Names(IReadOnlyList<string> files) =>
        string.Join(", ", files.Take(3).Select(Path.GetFileName)) + (files.Count > 3 ? ", ..." : string.Empty);

    private static string Files(int count, IgnoredReason reason)
    {
        string one = reason switch
        {
            IgnoredReason.MaskWithoutImage or IgnoredReason.MaskOfNormalImage => "mask",
            IgnoredReason.NotAnImage or IgnoredReason.OtherModality or IgnoredReason.Unreadable => "file",
            _ => "image",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{count} {one}{(count == 1 ? string.Empty : "s")}");
    }
}
