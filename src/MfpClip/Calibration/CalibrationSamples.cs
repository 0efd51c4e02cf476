using System.Globalization;

namespace MfpClip.Calibration;

/// <summary>What thresholds are made of: score and highest map value of every image, and what moved them. Maps need not be kept.</summary>
internal sealed class CalibrationSamples
{
    // Sums of probabilities round: this far above the highest value there is.
    private const float Rounding = 1e-3f;

    private readonly List<float> _scores = [], _peaks = [];
    private readonly float _maximum;
    private string? _className;
    private bool _first = true;

    /// <param name="maximum">Highest score and map value.</param>
    /// <param name="detector">The detector that gives the results; <see langword="null"/>: as they say themselves.</param>
    public CalibrationSamples(double maximum, DetectorDescription? detector)
    {
        (_maximum, WeightsHash) = ((float)maximum, detector?.WeightsHash);
        Detector = detector is null ? null : ScoreIdentity.Of(detector);
    }

    public int Count => _scores.Count;

    public string? ClassName => _className;

    public string? WeightsHash { get; }

    /// <summary>What moved all of them; <see langword="null"/> where it is not known.</summary>
    public ScoreIdentity? Identity { get; private set; }

    private ScoreIdentity? Detector { get; }

    /// <summary>Scores, rising.</summary>
    public IReadOnlyList<float> Scores() => [.. _scores.Order()];

    /// <summary>Highest map values, rising.</summary>
    public IReadOnlyList<float> Peaks() => [.. _peaks.Order()];

    /// <exception cref="CalibrationException">It cannot be used, or does not go with the others.</exception>
    public void Add(AnomalyResult result)
    {
        float peak = result.ModelMap.Data.Max();
        if (!float.IsFinite(result.Score) || !float.IsFinite(peak))
        {
            throw new CalibrationException($"The score of '{result.ImageName}' is not finite.");
        }

        if (Math.Min(result.Score, peak) < -Rounding || Math.Max(result.Score, peak) > _maximum + Rounding)
        {
            throw new CalibrationException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{result.ImageName}' has the score {result.Score} and the highest map value {peak}; they must be from 0 to {_maximum}, as its detector's "
                    + $"description says."));
        }

        if (result.EqualReference is { } reference)
        {
            throw new CalibrationException(
                $"'{result.ImageName}' is one of the references (stored as '{reference}') and was compared with itself, so its score is lower than that "
                    + $"of any other normal image. Detect with DetectionOptions.LeaveOneOut (not possible where a method stores its references itself, as "
                    + $"WinCLIP+ does), or calibrate with other images.");
        }

        Join(result);
        _scores.Add(Math.Clamp(result.Score, 0, _maximum));
        _peaks.Add(Math.Clamp(peak, 0, _maximum));
    }

    private void Join(AnomalyResult result)
    {
        var identity = result.Identity ?? Detector?.With(new DetectionOptions { ClassName = result.ClassName });
        if (Detector is { } detector && identity!.DifferencesFrom(detector) is { Count: > 0 } foreign)
        {
            throw Mixed($"The result of '{result.ImageName}' was given by another detector than the one described", foreign);
        }

        if (_first)
        {
            (_first, Identity, _className) = (false, identity, result.ClassName);
            return;
        }

        if (_className != result.ClassName || identity is null != Identity is null)
        {
            throw new CalibrationException($"'{result.ImageName}' was detected with other class words ('{result.ClassName}' instead of '{_className}') or by "
                + $"another detector than the images before it. Detect all of them in the same way.");
        }

        if (Identity?.DifferencesFrom(identity!) is not { Count: > 0 } differences)
        {
            return;
        }

        string Region(ScoreIdentity i) => i.Entries[ScoreIdentity.RegionOfInterest];
        if (differences is not [{ Name: ScoreIdentity.RegionOfInterest }] || Region(Identity) == ScoreIdentity.None || Region(identity!) == ScoreIdentity.None)
        {
            throw Mixed($"'{result.ImageName}' was detected in another way than the images before it", differences);
        }

        Identity = new() { Entries = new Dictionary<string, string>(Identity.Entries) { [ScoreIdentity.RegionOfInterest] = ScoreIdentity.EachImage } };
    }

    private static CalibrationException Mixed(string what, IReadOnlyList<ScoreDifference> differences) => new(
        $"{what}: {string.Join("; ", differences.Select(d => $"{d.Name}: {d.Calibration} and {d.Detector}"))}. One threshold is for one way of detecting.")
    {
        Differences = differences,
    };
}
