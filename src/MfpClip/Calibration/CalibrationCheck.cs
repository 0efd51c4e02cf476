using System.Globalization;

namespace MfpClip.Calibration;

/// <summary>Whether a calibration holds for a detector and for a call; every way to a calibrated detector comes through here.</summary>
internal static class CalibrationCheck
{
    private const int Listed = 8;

    private const int HashDigits = 12;

    /// <summary>Numbers that make sense: thresholds that a score and a pixel can reach, and a scale that rises.</summary>
    /// <param name="calibration">To be checked.</param>
    /// <param name="source">For messages, such as "Calibration 'file'".</param>
    /// <param name="maximum">Highest score and map value.</param>
    /// <exception cref="CalibrationException">They make none.</exception>
    public static void Numbers(ScoreCalibration calibration, string source, double maximum)
    {
        if (!float.IsFinite(calibration.ImageThreshold) || !float.IsFinite(calibration.PixelThreshold)
            || !float.IsFinite(calibration.MinimumScore) || !float.IsFinite(calibration.MaximumScore) || calibration.MinimumScore > calibration.MaximumScore)
        {
            throw new CalibrationException($"{source}: its numbers make no sense. Calibrate again.");
        }

        var thresholds = new (string Name, float Value)[] { ("image", calibration.ImageThreshold), ("pixel", calibration.PixelThreshold) };
        if (thresholds.FirstOrDefault(t => t.Value < 0 || t.Value > maximum) is { Name: { } name } fault)
        {
            string called = fault.Value < 0 ? "all" : "nothing";
            throw new CalibrationException(string.Create(
                CultureInfo.InvariantCulture,
                $"{source}: its {name} threshold {fault.Value} lies outside the range of values, 0 to {maximum}, so {called} would be called anomalous. "
                    + $"Calibrate again (version 0.1 wrote such thresholds where normal images have high values)."));
        }
    }

    /// <summary>The calibration, where it holds for a detector.</summary>
    /// <param name="calibration">To be checked.</param>
    /// <param name="detector">The detector it is to be used with.</param>
    /// <param name="source">For messages.</param>
    /// <exception cref="CalibrationException">It was made with another detector; lists what differs.</exception>
    public static void Detector(ScoreCalibration calibration, DetectorDescription detector, string source = "The calibration")
    {
        Numbers(calibration, source, detector.MapMaximum);
        var differences = calibration.Identity is { } identity ? identity.DifferencesFrom(ScoreIdentity.Of(detector))
            : calibration.WeightsHash is { } hash && !detector.HasWeights(hash)
                ? [new("weights", Short(hash), Short(detector.WeightsHash))] : [];
        if (differences.Count > 0)
        {
            throw new CalibrationException(
                $"{source} was made with another detector than this one, so its threshold means nothing here. {List(differences)} "
                    + $"Compose the detector as it was, or calibrate this one ('mfpclip calibrate' or ScoreCalibrator).")
            {
                Differences = differences,
            };
        }
    }

    /// <summary>The options of a call to a calibrated detector: without class words those of the calibration.</summary>
    /// <exception cref="CalibrationException">Other class words or another region of interest; says which.</exception>
    public static DetectionOptions Call(ScoreCalibration calibration, DetectionOptions options)
    {
        if (!options.HasClassName && calibration.ClassName is { } words)
        {
            options = options with { ClassName = words };
        }

        var made = calibration.Identity ?? new ScoreIdentity
        {
            Entries = calibration.ClassName is { } name ? new Dictionary<string, string> { [ScoreIdentity.ClassWords] = name } : [],
        };
        var differences = made.DifferencesFrom(made.With(options));
        return differences.Count == 0 ? options : throw new CalibrationException(
            $"The calibration was made for another call than this one, so its threshold means nothing here. {List(differences)} "
                + $"Call with the same, or calibrate for this: one detector for each (ZeroShotDetector.WithCalibration shares the weights); "
                + $"WithCalibration(null) gives scores without a decision.")
        {
            Differences = differences,
        };
    }

    private static string List(IReadOnlyList<ScoreDifference> differences)
    {
        string rest = differences.Count > Listed ? $" (and {differences.Count - Listed} more)" : string.Empty;
        return $"{string.Join("; ", differences.Take(Listed))}{rest}.";
    }

    private static string Short(string hash) => hash.Length > HashDigits ? $"{hash[..HashDigits]}..." : hash;
}
