using MfpClip.Execution;
using MfpClip.Imaging;
using Microsoft.Extensions.Logging;

namespace MfpClip.Detection.Composing;

/// <summary>What surrounds the forward pass of a detector.</summary>
internal sealed record DetectorSettings
{
    public required InputSettings Input { get; init; }

    public required int BatchSize { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>What every forward pass runs under; each call adds its cancellation, and times of its own where no trace is asked for.</summary>
    public ForwardContext Context { get; init; } = ForwardContext.Default;

    public ScoreCalibration? Calibration { get; init; }

    /// <summary>What it was composed of; <see langword="null"/> for a pass that no builder made.</summary>
    public DetectorRecipe? Recipe { get; init; }
}
