using System.Globalization;

namespace MfpClip.Data;

/// <summary>What a category holds, counted. Nothing of it needs a decoded image.</summary>
public sealed record CategorySummary
{
    /// <summary>Key of the category.</summary>
    public required string Key { get; init; }

    /// <summary>Normal images for training.</summary>
    public required int TrainNormal { get; init; }

    /// <summary>Normal images for validation.</summary>
    public required int ValidationNormal { get; init; }

    /// <summary>Normal test images.</summary>
    public required int TestNormal { get; init; }

    /// <summary>Defective test images.</summary>
    public required int TestDefective { get; init; }

    /// <summary>Defective test images that have a mask.</summary>
    public required int WithMask { get; init; }

    /// <summary>Mask files of the defective test images.</summary>
    public required int MaskFiles { get; init; }

    /// <summary>Kinds of defects in the test with the number of images.</summary>
    public required IReadOnlyList<(string Kind, int Images)> Kinds { get; init; }

    /// <summary>What is not used, with the reason.</summary>
    public required IReadOnlyList<IgnoredPath> Ignored { get; init; }

    /// <summary>What a user must know, in sentences.</summary>
    public required IReadOnlyList<string> Notices { get; init; }

    /// <summary>One line: counts, kinds, and what is ignored for which reason.</summary>
    public override string ToString()
    {
        var parts = new List<string> { string.Create(CultureInfo.InvariantCulture, $"{TrainNormal} normal for training") };
        if (ValidationNormal > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{ValidationNormal} normal for validation"));
        }

        string kinds = string.Join(", ", Kinds.Select(k => string.Create(CultureInfo.InvariantCulture, $"{k.Kind} {k.Images}")));
        parts.Add(string.Create(CultureInfo.InvariantCulture,
            $"test: {TestNormal} normal, {TestDefective} defective{(kinds.Length > 0 ? $" ({kinds})" : string.Empty)}"));
        if (TestDefective > 0)
        {
            string files = MaskFiles == WithMask ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" in {MaskFiles} files");
            string without = WithMask == TestDefective ? string.Empty
                : string.Create(CultureInfo.InvariantCulture, $", {TestDefective - WithMask} without mask");
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{WithMask} with mask{files}{without}"));
        }

        string line = $"{Key}: {string.Join("; ", parts)}";
        line = Ignored.Count == 0 ? line : $"{line}; ignored: {string.Join("; ", Ignored.Select(i => i.Explanation))}";
        return Notices.Count == 0 ? line : $"{line}. {string.Join(' ', Notices)}";
    }

    internal static CategorySummary Of(AnomalyCategory category)
    {
        AnomalySample[] defective = [.. category.Test.Where(s => s.IsAnomalous)];
        return new()
        {
            Key = category.Key, TrainNormal = category.TrainNormal.Count(), ValidationNormal = category.ValidationNormal.Count(),
            TestNormal = category.Test.Count(s => !s.IsAnomalous), TestDefective = defective.Length,
            WithMask = defective.Count(s => s.MaskPath is not null), MaskFiles = defective.Sum(s => s.MaskPaths.Count),
            Kinds = [.. defective.GroupBy(s => s.Defect ?? "anomaly").OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Count()))],
            Ignored = category.Ignored, Notices = category.Notices,
        };
    }
}

/// <summary>What was found and what is ignored when a data set was opened.</summary>
public sealed record DataSetSummary
{
    /// <summary>Name of the data set.</summary>
    public required string Name { get; init; }

    /// <summary>The layout that was recognised.</summary>
    public required DataSetLayout Layout { get; init; }

    /// <summary>Each category.</summary>
    public required IReadOnlyList<CategorySummary> Categories { get; init; }

    /// <summary>What lies beside the categories and is not used.</summary>
    public required IReadOnlyList<IgnoredPath> Ignored { get; init; }

    /// <summary>A line for the data set, one for each category, one for each thing beside them that is ignored.</summary>
    public IReadOnlyList<string> Lines =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{Name}: layout {Layout}, {Categories.Count} {(Categories.Count == 1 ? "category" : "categories")}"),
        .. Categories.Select(c => $"  {c}"), .. Ignored.Select(i => $"  ignored: {i.Explanation}"),
    ];

    /// <summary>All lines.</summary>
    public override string ToString() => string.Join(Environment.NewLine, Lines);
}
