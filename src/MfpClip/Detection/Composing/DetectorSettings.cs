using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.References;
using Microsoft.Extensions.Logging;

namespace MfpClip.Detection.Composing;

/// <summary>What surrounds the forward pass of a detector.</summary>
internal sealed record DetectorSettings
{
    public required InputSettings Input { get; init; }

    public required int BatchSize { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>What every forward pass runs under; each call adds its cancellation, and times of its own where no trace is requested.</summary>
    public ForwardContext Context { get; init; } = ForwardContext.Default;

    public ScoreCalibration? Calibration { get; init; }

    /// <summary>What it was composed of; <see langword="null"/> for a pass that no builder made.</summary>
    public DetectorRecipe? Recipe { get; init; }
}

/// <summary>Reference images that are read when the detector is built: a file of stored ones, or images.</summary>
internal sealed record ReferenceChoice(string? File, IReadOnlyList<ImageInput> Images, ReferenceOptions Options)
{
    public IEnumerable<string> Faults() => File is { } path
        ? System.IO.File.Exists(path) ? [] : [$"There is no weight file '{path}'."]
        : [.. Options.Faults(), .. Images.Count == 0 ? ["References: there is no image. Give at least one normal image."] : Array.Empty<string>()];

    public ReferencesRecipe ToRecipe() => File is not null ? new() { File = File }
        : new() { Images = [.. Images.Select(i => i.Path ?? $"memory:{i.Name}")], Options = Options };
}
