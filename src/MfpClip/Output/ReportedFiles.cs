namespace MfpClip.Output;

/// <summary>Files at full size that the thumbnails of a report link to; paths as the program sees them, written relative to the report.</summary>
public sealed record ReportedFiles
{
    /// <summary>The photo. Default <see langword="null"/>: no link.</summary>
    public string? Photo { get; init; }

    /// <summary>The map over the photo. Default <see langword="null"/>: no link.</summary>
    public string? Overlay { get; init; }

    /// <summary>The map in colours. Default <see langword="null"/>: no link.</summary>
    public string? HeatMap { get; init; }

    /// <summary>The page that zooms into the picture (<see cref="ZoomPage"/>). Default <see langword="null"/>: no link.</summary>
    public string? Zoom { get; init; }
}
