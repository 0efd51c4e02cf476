using System.Diagnostics;
using MfpClip.AspNet.Health;
using MfpClip.AspNet.Limits;
using MfpClip.Imaging;
using MfpClip.Output;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace MfpClip.AspNet.Detection;

/// <summary>From an uploaded file to a result, or to an error that tells the sender what is wrong with the file.</summary>
internal sealed class PhotoDetection(
    IServiceProvider services, DetectionQueue queue, IOptions<ServiceLimits> limits, HealthCheckService health, IImageDecoder decoder)
{
    /// <summary>The photo, upright, and the result.</summary>
    public sealed record Detected(RgbImage Photo, AnomalyResult Result, double Milliseconds)
    {
        public RgbImage Overlay() => MapImages.Overlay(Result, Photo, new() { Outline = Result.InspectedRegion });
    }

    /// <summary>Throws where the detector is not ready, before anything is read of the photos.</summary>
    /// <exception cref="ServiceBusyException">It is loading, or has failed.</exception>
    public async Task CheckReadyAsync(CancellationToken cancellationToken)
    {
        var entry = await HealthEndpoints.CheckAsync(health, cancellationToken);
        if (entry.Status == HealthStatus.Unhealthy)
        {
            throw new ServiceBusyException($"The detector is not ready: {entry.Description}");
        }
    }

    /// <exception cref="PhotoException">The file cannot be taken.</exception>
    /// <exception cref="ServiceBusyException">Too many photos wait.</exception>
    public async Task<Detected> DetectAsync(IFormFile file, string? className, CancellationToken cancellationToken)
    {
        if (file.Length == 0)
        {
            throw new PhotoException(StatusCodes.Status422UnprocessableEntity, "The file is empty (0 bytes).");
        }

        if (file.Length > limits.Value.MaximumFileBytes)
        {
            throw new PhotoException(StatusCodes.Status413PayloadTooLarge, FormattableString.Invariant(
                $"The file has {file.Length / 1e6:0.######} MB; the service takes up to {limits.Value.MaximumFileMegabytes} MB. Send a smaller one."));
        }

        return await queue.RunAsync(() => Detect(file, className, cancellationToken), cancellationToken);
    }

    private Detected Detect(IFormFile file, string? className, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        var photo = Decode(file);
        var options = new DetectionOptions
        {
            ClassName = string.IsNullOrWhiteSpace(className) ? Detector.Calibration?.ClassName ?? DetectionOptions.Default.ClassName : className.Trim(),
        };
        var result = Detector.Detect(ImageInput.FromPixels(photo, file.FileName), options, cancellationToken);
        return new(photo, result, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    private RgbImage Decode(IFormFile file)
    {
        var bytes = new byte[file.Length];
        using (var stream = file.OpenReadStream())
        {
            stream.ReadExactly(bytes);
        }

        if (PhotoFormat.Of(bytes) is null)
        {
            throw new PhotoException(StatusCodes.Status415UnsupportedMediaType, $"The file is not an image that the service reads: {PhotoFormat.Names}.");
        }

        try
        {
            return decoder.Decode(bytes, file.FileName, limits.Value.ImageLimits);
        }
        catch (ImageDecodeException e)
        {
            bool large = e.Message.Contains(nameof(ImageLimits.MaximumPixels), StringComparison.Ordinal);
            throw new PhotoException(
                large ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status422UnprocessableEntity,
                large ? FormattableString.Invariant($"The photo has more than {limits.Value.MaximumMegapixels} million pixels. Send a smaller one.")
                    : $"The image is damaged: {e.Message.Replace($"Image '{file.FileName}': ", string.Empty, StringComparison.Ordinal)}");
        }
    }

    // Asked for late: a detector that cannot be loaded is an answer, not a service that does not start.
    private IZeroShotDetector Detector => services.GetRequiredService<IZeroShotDetector>();
}

/// <summary>Image formats by the first bytes of a file.</summary>
internal static class PhotoFormat
{
    public const string Names = "PNG, JPEG, WebP, BMP or GIF";

    /// <summary>The format; <see langword="null"/>: none of those that are read.</summary>
    public static string? Of(ReadOnlySpan<byte> start) => start switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "PNG",
        [0xFF, 0xD8, 0xFF, ..] => "JPEG",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "WebP",
        [(byte)'B', (byte)'M', ..] => "BMP",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => "GIF",
        _ => null,
    };
}
