namespace MfpClip.Data;

/// <summary>What an image is meant for.</summary>
public enum DataSplit
{
    /// <summary>Normal images to learn from or to compare with.</summary>
    Train,

    /// <summary>
    /// Normal and defective images to judge a detector by. Training across data sets uses this split of the auxiliary categories, as the authors of the
    /// field do.
    /// </summary>
    Test,

    /// <summary>Normal images that neither train nor test: MVTec LOCO, MVTec AD 2 and MVTec 3D have them.</summary>
    Validation,
}

/// <summary>One image of a data set. Nothing is read until it is requested.</summary>
public sealed record AnomalySample
{
    /// <summary>Category it belongs to.</summary>
    public required string Category { get; init; }

    /// <summary>Train, test or validation.</summary>
    public required DataSplit Split { get; init; }

    /// <summary>The image file.</summary>
    public required string ImagePath { get; init; }

    /// <summary>The label: whether there is a defect anywhere.</summary>
    public required bool IsAnomalous { get; init; }

    /// <summary>The mask file, of several the first; <see langword="null"/> on normal images, and where only the label is known.</summary>
    public string? MaskPath
    {
        get => MaskPaths is [var first, ..] ? first : null;
        init => MaskPaths = value is null ? [] : [value];
    }

    /// <summary>The mask files; a pixel is defect where any of them says so (MVTec LOCO has several an image).</summary>
    public IReadOnlyList<string> MaskPaths { get; init; } = [];

    /// <summary>Kind of defect as the data set names it; <see langword="null"/> on normal images.</summary>
    public string? Defect { get; init; }
}
