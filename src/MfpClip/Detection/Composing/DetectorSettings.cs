using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Imaging.Regions;
using MfpClip.References;
using Microsoft.Extensions.Logging;

namespace MfpClip.Detection.Composing;

/// <summary>What surrounds the forward pass of a detector.</summary>
internal sealed record DetectorSettings
{
    public required InputSettings Input { get; init; }

    public required int BatchSize { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>How large images are cut into tiles; <see langword="null"/>: every image is read as a whole.</summary>
    public TilingOptions? Tiling { get; init; }

    /// <summary>Where to look in every image; <see langword="null"/>: everywhere.</summary>
    public RegionSource? Region { get; init; }

    /// <summary>What every forward pass runs under; each call adds its cancellation, and times of its own where no trace is requested.</summary>
    public ForwardContext Context { get; init; } = ForwardContext.Default;

    public ScoreCalibration? Calibration { get; init; }

    /// <summary>What metrics and traces call it; <see langword="null"/>: nothing.</summary>
    public string? Line { get; init; }

    /// <summary>What it was composed of; <see langword="null"/> for a pass that no builder made.</summary>
    public DetectorRecipe? Recipe { get; init; }
}

/// <summary>Reference images that are read when the detector is built: a file of stored ones, or images.</summary>
internal sealed record ReferenceChoice(string? File, IReadOnlyList<ImageInput> Images, ReferenceOptions Options)
{
    public IEnumerable<string> Faults() => File is { } path
        ? [
            .. System.IO.File.Exists(path) ? Array.Empty<string>() : [$"There is no weight file '{path}'."],
            .. Images.Count > 0 ? ["References: a file and images are given. Name one of them, or add the images to the file."] : Array.Empty<string>(),
            .. Options.Faults(),
            .. ReferenceFileFormat.Text(Options with { Weight = null }) != ReferenceFileFormat.Text(new())
                ? [$"References: the options of '{path}' are in it; only the weight can be set besides."] : Array.Empty<string>(),
        ]
        : [.. Options.Faults(), .. Images.Count == 0 ? ["References: there is no image. Give at least one normal image."] : Array.Empty<string>()];

    public ReferencesRecipe ToRecipe() => File is not null ? new() { File = File, Options = Options.Weight is null ? null : Options }
        : new() { Images = [.. Images.Select(i => i.Path ?? $"memory:{i.Name}")], Options = Options };
}
