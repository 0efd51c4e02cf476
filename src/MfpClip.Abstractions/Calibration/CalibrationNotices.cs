using System.Globalization;

namespace MfpClip;

/// <summary>What is worse than it could be about a calibration, as text.</summary>
internal static class CalibrationNotices
{
    public static IEnumerable<string> Of(ScoreCalibration calibration)
    {
        if (calibration.Identity is null)
        {
            string known = calibration.WeightsHash is null ? "It does not say which detector it was made with, so that cannot be checked"
                : "It was made by version 0.1 and names weights and class words only: references, image size, precision and modules cannot be checked";
            yield return $"{known}. Calibrate again to be sure.";
        }

        int allowed = (int)Math.Floor((calibration.FalseAlarmRate ?? 0) * calibration.NormalImages);
        if (calibration.FalseAlarmRate is not null && calibration.FalseAlarms is { } alarms && alarms.Count > allowed)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{alarms.Count} of {alarms.Images} normal images have the highest possible score, so no threshold lies above them: they are called anomalous. "
                    + $"Look at them, or use another method, class words or references.");
        }

        if (calibration.FalseAlarmRate is not null && calibration.NormalImagesWithRegions > allowed)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"In {calibration.NormalImagesWithRegions} of {calibration.NormalImages} normal images the map reaches its highest possible value, so no pixel "
                    + $"threshold lies above it: regions show on normal images, too. The decision by the score is not touched by this.");
        }
    }
}
