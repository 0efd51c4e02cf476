using MfpClip.Execution;
using MfpClip.Imaging;
using Microsoft.Extensions.Logging;

namespace MfpClip.Pipeline;

/// <summary>What surrounds the forward pass of a detector.</summary>
internal sealed record DetectorSettings
{
    public required IImageDecoder Decoder { get; init; }

    public required IImagePreprocessor Preprocessor { get; init; }

    public required ImageLimits Limits { get; init; }

    public required int BatchSize { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>What every forward pass runs under; each call adds its cancellation, and times of its own where no trace is asked for.</summary>
    public ForwardContext Context { get; init; } = ForwardContext.Default;

    public ScoreCalibration? Calibration { get; init; }
}
