using MfpClip.Data.Procedural;

namespace MfpClip.Data;

/// <summary>How a data set lies on disk.</summary>
public enum DataSetLayout
{
    /// <summary>MVTec AD: <c>category/test/kind</c>, <c>category/ground_truth/kind</c>, <c>category/train/good</c>.</summary>
    MvTec,

    /// <summary>VisA: <c>split_csv/1cls.csv</c> lists object, split, label, image, mask.</summary>
    Visa,

    /// <summary><c>meta.json</c> of AnomalyCLIP and APRIL-GAN.</summary>
    MetaJson,

    /// <summary>A folder of <c>good</c>, <c>bad</c> and, where there are any, <c>masks</c>.</summary>
    PlainFolder,
}

/// <summary>What an image is meant for.</summary>
public enum DataSplit
{
    /// <summary>Normal images to learn from or to compare with.</summary>
    Train,

    /// <summary>
    /// Good and defective images to judge a detector by. Training across data sets uses this split of the auxiliary categories, as the authors of the field do.
    /// </summary>
    Test,
}

/// <summary>One image of a data set. Nothing is read until it is requested.</summary>
public sealed record AnomalySample
{
    /// <summary>Category it belongs to.</summary>
    public required string Category { get; init; }

    /// <summary>Train or test.</summary>
    public required DataSplit Split { get; init; }

    /// <summary>The image file.</summary>
    public required string ImagePath { get; init; }

    /// <summary>The label: whether there is a defect anywhere.</summary>
    public required bool IsAnomalous { get; init; }

    /// <summary>The mask file; <see langword="null"/> on normal images, and where only the label is known.</summary>
    public string? MaskPath { get; init; }

    /// <summary>Kind of defect as the data set names it; <see langword="null"/> on normal images.</summary>
    public string? Defect { get; init; }
}

/// <summary>All images of one kind of object or texture.</summary>
public sealed record AnomalyCategory
{
    /// <summary>Name of the data set.</summary>
    public required string DataSet { get; init; }

    /// <summary>Name as the data set writes it, for example "metal_nut".</summary>
    public required string Name { get; init; }

    /// <summary>Name that no other category opened with it has: <see cref="Name"/>, or "data set/name" where two data sets share it.</summary>
    public required string Key { get; init; }

    /// <summary>Folder it lies in.</summary>
    public required string Path { get; init; }

    /// <summary>What goes into the prompts, in words: "metal nut". Change it with <c>with</c> where the folder's name says little.</summary>
    public required string ClassName { get; init; }

    /// <summary>All images, by split, then path.</summary>
    public required IReadOnlyList<AnomalySample> Samples { get; init; }

    /// <summary>The images to judge a detector by.</summary>
    public IEnumerable<AnomalySample> Test => Samples.Where(s => s.Split == DataSplit.Test);

    /// <summary>Normal images kept separate from the test.</summary>
    public IEnumerable<AnomalySample> TrainNormal => Samples.Where(s => s.Split == DataSplit.Train && !s.IsAnomalous);

    /// <summary>Defective test images whose mask is missing; pixel metrics need none.</summary>
    public IEnumerable<AnomalySample> WithoutMask => Test.Where(s => s is { IsAnomalous: true, MaskPath: null });

    /// <summary>The first images of train/good by name, to compare with.</summary>
    /// <param name="count">How many; at most what there is.</param>
    public IReadOnlyList<AnomalySample> References(int count) =>
        [.. TrainNormal.OrderBy(s => System.IO.Path.GetFileName(s.ImagePath), StringComparer.Ordinal).Take(count)];

    /// <summary>A folder's name in words: "metal_nut" becomes "metal nut".</summary>
    public static string AsText(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string words = string.Join(' ', name.Split(['_', '-', ' '], StringSplitOptions.RemoveEmptyEntries));
        return words.Length > 0 ? words : "object";
    }
}

/// <summary>Categories that were opened together.</summary>
/// <param name="Name">Name of the folder.</param>
/// <param name="Layout">How it lies on disk.</param>
/// <param name="Path">Where.</param>
/// <param name="Categories">By name.</param>
public sealed record AnomalyDataSet(string Name, DataSetLayout Layout, string Path, IReadOnlyList<AnomalyCategory> Categories);
