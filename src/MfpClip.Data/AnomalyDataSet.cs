namespace MfpClip.Data;

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

    /// <summary>Normal images that neither train nor test.</summary>
    public IEnumerable<AnomalySample> ValidationNormal => Samples.Where(s => s.Split == DataSplit.Validation && !s.IsAnomalous);

    /// <summary>Normal images kept separate from the test.</summary>
    public IEnumerable<AnomalySample> TrainNormal => Samples.Where(s => s.Split == DataSplit.Train && !s.IsAnomalous);

    /// <summary>Defective test images whose mask is missing; pixel metrics need none.</summary>
    public IEnumerable<AnomalySample> WithoutMask => Test.Where(s => s is { IsAnomalous: true, MaskPath: null });

    /// <summary>What lies in the category and is not used, with the reason: files without label, masks without image, repeated lines.</summary>
    public IReadOnlyList<IgnoredPath> Ignored { get; init; } = [];

    /// <summary>What a user must know before figures of this category are read, in sentences.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>The list that names the images, where one does; with the path it tells one category from another.</summary>
    internal string? List { get; init; }

    /// <summary>What the category holds, counted.</summary>
    public CategorySummary Summarise() => CategorySummary.Of(this);

    /// <summary>The first images of train/good by name, to compare with.</summary>
    /// <param name="count">How many; at most what there is.</param>
    public IReadOnlyList<AnomalySample> References(int count) =>
        [.. TrainNormal.OrderBy(s => System.IO.Path.GetFileName(s.ImagePath), StringComparer.Ordinal).Take(count)];

    /// <summary>A folder's name in words, by <see cref="ClassWords"/>: "metal_nut" becomes "metal nut".</summary>
    public static string AsText(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ClassWords.Of(name);
    }
}

/// <summary>Categories that were opened together.</summary>
/// <param name="Name">Name of the folder.</param>
/// <param name="Layout">How it lies on disk.</param>
/// <param name="Path">Where.</param>
/// <param name="Categories">By key.</param>
public sealed record AnomalyDataSet(string Name, DataSetLayout Layout, string Path, IReadOnlyList<AnomalyCategory> Categories)
{
    /// <summary>What lies beside the categories and is not used, with the reason.</summary>
    public IReadOnlyList<IgnoredPath> Ignored { get; init; } = [];

    /// <summary>What was found and what is ignored, counted; print it before a long run.</summary>
    public DataSetSummary Summarise() => new() { Name = Name, Layout = Layout, Categories = [.. Categories.Select(c => c.Summarise())], Ignored = Ignored };

    /// <summary>Refuses categories of equal keys: results are kept and shown by key, so that one would hide the other.</summary>
    /// <exception cref="DataSetException">Two categories have one key; names it and both folders.</exception>
    public void CheckKeys()
    {
        if (Categories.GroupBy(c => c.Key, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } same)
        {
            throw new DataSetException(DataSetFault.RepeatedKey, Path, $"{same.Count()} categories have the key '{same.Key}' "
                + $"({string.Join(", ", same.Select(c => c.Path))}). Open them together with DataSetReader.Open, which gives each a key of its own.");
        }
    }
}
