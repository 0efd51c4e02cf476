using Microsoft.AspNetCore.Mvc;

namespace MfpClip.AspNet.Detection;

/// <summary>What the detector says about one photo.</summary>
public sealed record DetectionResponse
{
    /// <summary>Name of the file.</summary>
    public required string Name { get; init; }

    /// <summary>Raw anomaly score from 0 to 1.</summary>
    public required float Score { get; init; }

    /// <summary>Score on the calibration's scale, where 0.5 is the threshold; null without a calibration.</summary>
    public float? CalibratedScore { get; init; }

    /// <summary>"anomalous", "normal", or "none" without a calibration.</summary>
    public required string Decision { get; init; }

    /// <summary>Raw score from which a photo is anomalous; null without a calibration.</summary>
    public float? Threshold { get; init; }

    /// <summary>Map value from which a pixel belongs to a region.</summary>
    public required float PixelThreshold { get; init; }

    /// <summary>Width of the photo in pixels, upright.</summary>
    public required int Width { get; init; }

    /// <summary>Height of the photo in pixels, upright.</summary>
    public required int Height { get; init; }

    /// <summary>Regions by falling peak, in pixels of the photo.</summary>
    public required IReadOnlyList<RegionResponse> Regions { get; init; }

    /// <summary>The tiles that a large photo was detected in; null: as a whole.</summary>
    public ImageTiles? Tiles { get; init; }

    /// <summary>What the reader should know, such as a photo that is shrunk too much for small defects.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>Time of decoding and detection.</summary>
    public required double Milliseconds { get; init; }

    /// <summary>The anomaly map over the photo as a data URL of a JPEG, scaled down to 1280 pixels; null where it was not requested.</summary>
    public string? Overlay { get; init; }
}

/// <summary>A connected region of anomalous pixels.</summary>
/// <param name="X">Left edge in pixels.</param>
/// <param name="Y">Top edge in pixels.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Area">Number of pixels.</param>
/// <param name="Peak">Highest map value inside.</param>
public sealed record RegionResponse(int X, int Y, int Width, int Height, int Area, float Peak);

/// <summary>One photo of several: a result or what is wrong with it.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Result">The result; null where there is a problem.</param>
/// <param name="Problem">What is wrong; null where there is a result.</param>
public sealed record BatchItemResponse(string Name, DetectionResponse? Result, ProblemDetails? Problem);

/// <summary>What the service is and takes.</summary>
public sealed record ServiceResponse
{
    /// <summary>"ready", "loading" or "failed".</summary>
    public required string State { get; init; }

    /// <summary>Why it has failed, or why its results mean nothing; null where there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>Method of the detector; null until it is loaded.</summary>
    public string? Method { get; init; }

    /// <summary>"cpu" or "cuda:N"; null until it is loaded.</summary>
    public string? Device { get; init; }

    /// <summary>Raw score from which a photo is anomalous; null without a calibration.</summary>
    public float? Threshold { get; init; }

    /// <summary>Class words of the calibration; null without one.</summary>
    public string? ClassName { get; init; }

    /// <summary>How the threshold was chosen; null without a calibration.</summary>
    public string? ThresholdStrategy { get; init; }

    /// <summary>Size of a file at most, in bytes.</summary>
    public required long MaximumFileBytes { get; init; }

    /// <summary>Pixels of a photo at most.</summary>
    public required long MaximumPixels { get; init; }

    /// <summary>Photos in one request at most.</summary>
    public required int MaximumFiles { get; init; }
}
