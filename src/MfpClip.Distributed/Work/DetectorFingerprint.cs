using System.Text.Json;

namespace MfpClip.Distributed;

/// <summary>
/// What a detector computes, in three hashes: workers with equal ones give equal results for an image and its class words. Device, batch size and number of
/// threads do not count.
/// </summary>
public sealed record DetectorFingerprint
{
    /// <summary>Value of <see cref="CalibrationHash"/> where a detector has no calibration.</summary>
    public const string NoCalibration = "none";

    private const int RouteDigits = 16;

    /// <summary>SHA-256 of the composition and of everything else that moves scores, references included (<see cref="ScoreIdentity"/>).</summary>
    public required string RecipeHash { get; init; }

    /// <summary>SHA-256 of all weights (<see cref="DetectorDescription.WeightsHash"/>).</summary>
    public required string WeightsHash { get; init; }

    /// <summary>SHA-256 of the calibration, or <see cref="NoCalibration"/>.</summary>
    public required string CalibrationHash { get; init; }

    /// <summary>All three in sixteen hexadecimal digits: what work is routed by.</summary>
    public string Route => WorkHash.Of(RecipeHash, WeightsHash, CalibrationHash)[..RouteDigits];

    /// <summary>That of a detector.</summary>
    /// <param name="detector">The detector, with its calibration and references.</param>
    public static DetectorFingerprint Of(IZeroShotDetector detector)
    {
        ArgumentNullException.ThrowIfNull(detector);
        var description = detector.Description;
        return new()
        {
            RecipeHash = WorkHash.Of(description.CompositionHash, ScoreIdentity.Of(description).ToString()),
            WeightsHash = description.WeightsHash,
            CalibrationHash = detector.Calibration is { } calibration
                ? WorkHash.Of(JsonSerializer.Serialize(calibration, WorkJson.Readable.ScoreCalibration)) : NoCalibration,
        };
    }

    /// <summary>In which hashes another one differs, as text; empty: in none.</summary>
    /// <param name="other">The other one.</param>
    public IReadOnlyList<string> DifferencesFrom(DetectorFingerprint other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return
        [
            .. Difference("recipe", RecipeHash, other.RecipeHash), .. Difference("weights", WeightsHash, other.WeightsHash),
            .. Difference("calibration", CalibrationHash, other.CalibrationHash),
        ];
    }

    private static IEnumerable<string> Difference(string name, string here, string there) =>
        here == there ? [] : [$"{name} {Short(here)}, not {Short(there)}"];

    private static string Short(string hash) => hash.Length <= RouteDigits ? hash : hash[..RouteDigits];
}
