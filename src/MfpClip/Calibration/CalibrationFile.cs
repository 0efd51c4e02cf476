using System.Text.Json;
using System.Text.Json.Serialization;
using MfpClip.Files;

namespace MfpClip.Calibration;

/// <summary>Calibrations as small JSON files.</summary>
public static partial class CalibrationFile
{
    /// <summary>Writes it, atomically.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Save(string path, ScoreCalibration calibration)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(calibration, CalibrationJson.Default.ScoreCalibration);
        AtomicFile.Write(path, s => s.Write(json));
    }

    /// <summary>Reads it and checks that its numbers make sense.</summary>
    /// <param name="path">The file.</param>
    /// <param name="detector">The detector it is for; a calibration of other weights is refused. <see langword="null"/>: not checked.</param>
    /// <exception cref="CalibrationException">Absent, damaged, or made with other weights.</exception>
    public static ScoreCalibration Load(string path, DetectorDescription? detector = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ScoreCalibration calibration;
        try
        {
            calibration = JsonSerializer.Deserialize(File.ReadAllBytes(path), CalibrationJson.Default.ScoreCalibration)
                ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            throw new CalibrationException($"Calibration '{path}': it cannot be read ({e.Message}).", e);
        }

        if (!float.IsFinite(calibration.ImageThreshold) || !float.IsFinite(calibration.PixelThreshold) || calibration.MinimumScore > calibration.MaximumScore)
        {
            throw new CalibrationException($"Calibration '{path}': its numbers make no sense. Calibrate again.");
        }

        if (detector is not null && calibration.WeightsHash is { } hash && !detector.HasWeights(hash))
        {
            throw new CalibrationException($"Calibration '{path}' was made with other weights ({hash[..Math.Min(12, hash.Length)]}...) than this detector's "
                + $"({detector.WeightsHash[..12]}...). Calibrate again.");
        }

        return calibration;
    }

    [JsonSourceGenerationOptions(
        WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
    [JsonSerializable(typeof(ScoreCalibration))]
    private sealed partial class CalibrationJson : JsonSerializerContext;
}
