using System.Globalization;
using System.Text;
using MfpClip.Files;

namespace MfpClip.Output;

/// <summary>A line of comma-separated values an image (RFC 4180, UTF-8 without byte order mark, LF); the first line names the columns.</summary>
/// <remarks>
/// <c>decision</c> is <c>anomalous</c> or <c>normal</c>, empty without a calibration; <c>threshold</c> is the raw score that decides; <c>error</c> says
/// why an image has no result, or what failed after it.
/// </remarks>
public sealed class CsvResultFile : IResultWriter
{
    private readonly StreamedFile _file;

    /// <summary>Starts the file.</summary>
    /// <param name="path">The file to be made.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public CsvResultFile(string path)
    {
        _file = new(path);
        Write("image,class,score,calibrated_score,decision,threshold,regions,milliseconds,error");
    }

    /// <inheritdoc/>
    public void Add(DetectionOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        var result = outcome.Result;
        string decision = result?.IsAnomalous switch { true => "anomalous", false => "normal", _ => string.Empty };
        Write(string.Join(',',
            CsvField.Of(outcome.ImageName), CsvField.Of(result?.ClassName ?? string.Empty), Number(result?.Score), Number(result?.CalibratedScore), decision,
            Number(result?.Threshold), result?.Regions.Count.ToString(CultureInfo.InvariantCulture),
            result?.Timings.Total.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture), CsvField.Of(outcome.Error?.Message ?? string.Empty)));
    }

    /// <inheritdoc/>
    public void Complete() => _file.Complete();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // The shortest text that reads back as the same float.
    private static string? Number(float? value) => value?.ToString(CultureInfo.InvariantCulture);

    private void Write(string line) => _file.Guard(() => _file.Stream.Write(Encoding.UTF8.GetBytes(line + "\n")));
}
