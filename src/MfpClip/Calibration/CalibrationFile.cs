using System.Text.Json;
using System.Text.Json.Serialization;
using MfpClip.Files;

namespace MfpClip.Calibration;

/// <summary>Calibrations as small JSON files.</summary>
public static partial class CalibrationFile
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Writes it, atomically.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Save(string path, ScoreCalibration calibration)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(calibration, CalibrationJson.Default.ScoreCalibration);
        AtomicFile.Write(path, s => s.Write(json));
    }

    /// <summary>Reads it and checks that its numbers make sense. Whether it holds for a detector is checked wherever a detector takes it, too.</summary>
    /// <param name="path">The file.</param>
    /// <param name="detector">The detector it is for, to be checked at once; <see langword="null"/>: checked when a detector takes it.</param>
    /// <remarks>
    /// Files of version 0.1 keep their scale; one that ended above 1, the highest score there is, ends at 1. What they do not name cannot be checked
    /// (<see cref="ScoreCalibration.Notices"/>).
    /// </remarks>
    /// <exception cref="CalibrationException">Absent, damaged, with a threshold that nothing reaches, or made with another detector.</exception>
    public static ScoreCalibration Load(string path, DetectorDescription? detector = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string source = $"Calibration '{path}'";
        ScoreCalibration calibration;
        try
        {
            var bytes = File.ReadAllBytes(path).AsSpan();
            calibration = JsonSerializer.Deserialize(
                bytes.StartsWith(ByteOrderMark) ? bytes[ByteOrderMark.Length..] : bytes, CalibrationJson.Default.ScoreCalibration)
                ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or NotSupportedException or ArgumentException)
        {
            throw new CalibrationException($"{source}: it cannot be read ({e.Message}).", e);
        }

        // The range of a detector that is not known yet is checked when it takes the calibration.
        CalibrationCheck.Numbers(calibration, source, calibration.Identity is null ? detector?.MapMaximum ?? 1 : Math.Max(calibration.MaximumScore, 1));
        if (calibration.Identity is null && calibration.MaximumScore > 1)
        {
            calibration = calibration with { MaximumScore = 1 };
        }

        if (detector is not null)
        {
            CalibrationCheck.Detector(calibration, detector, source);
        }

        return calibration;
    }

    [JsonSourceGenerationOptions(
        WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
    [JsonSerializable(typeof(ScoreCalibration))]
    private sealed partial class CalibrationJson : JsonSerializerContext;
}
