namespace MfpClip.Data.Readers;

/// <summary>The folder names that the layouts know, in any case.</summary>
internal static class FolderNames
{
    /// <summary>Folders of normal images.</summary>
    public static readonly string[] Normal = ["good", "ok", "normal"];

    /// <summary>Folders of defective images next to those of normal ones; the names of anomalib's folders and of inspection machines.</summary>
    public static readonly string[] Defective =
        ["bad", "abnormal", "anomaly", "anomalies", "anomalous", "defect", "defects", "defective", "ng", "ko", "nok", "not_ok", "faulty", "ungood"];

    /// <summary>Folders of masks.</summary>
    public static readonly string[] Masks = ["masks", "mask", "ground_truth", "groundtruth", "gt"];

    /// <summary>Folders of a category's splits.</summary>
    public static readonly (string Name, DataSplit Split)[] Splits =
    [
        ("train", DataSplit.Train), ("validation", DataSplit.Validation), ("valid", DataSplit.Validation), ("val", DataSplit.Validation),
        ("test", DataSplit.Test), ("test_public", DataSplit.Test),
    ];

    /// <summary>Folders of photographs below a kind, where other measurements lie beside them.</summary>
    public static readonly string[] Photographs = ["rgb", "img"];

    /// <summary>Folders of masks below a kind.</summary>
    public static readonly string[] MasksOfKind = ["gt", "label"];

    public static bool IsNormal(string name) => Is(name, Normal);

    public static bool Is(string name, IReadOnlyList<string> names) => names.Contains(name, StringComparer.OrdinalIgnoreCase);

    public static bool IsTest(string name) => Is(name, ["test", "test_public"]);

    /// <summary>Names as a sentence lists them.</summary>
    public static string List(IReadOnlyList<string> names) => string.Join(", ", names);
}
