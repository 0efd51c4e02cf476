using MfpClip.Output;

namespace MfpClip.Cli.Detecting;

/// <summary>What a run writes and where.</summary>
internal sealed record DetectionOutputOptions
{
    /// <summary>Where everything goes.</summary>
    public required string Folder { get; init; }

    /// <summary>Colours of maps.</summary>
    public required MapImageOptions Pictures { get; init; }

    /// <summary>Whether maps are written as numbers, too.</summary>
    public bool Raw { get; init; }

    /// <summary>Whether large photos get a page that zooms.</summary>
    public bool Zoom { get; init; } = true;

    /// <summary>Formats of other programs.</summary>
    public IReadOnlyCollection<ExportFormat> Exports { get; init; } = [];

    /// <summary>The folder that names in exports are relative to.</summary>
    public string? ImageRoot { get; init; }

    /// <summary>What is said at the top of the report.</summary>
    public string? Notice { get; init; }
}

/// <summary>Formats of annotation programs.</summary>
internal enum ExportFormat
{
    /// <summary>One <c>coco.json</c>.</summary>
    Coco,

    /// <summary>A file an image in the folder <c>labelme</c>.</summary>
    Labelme,
}
