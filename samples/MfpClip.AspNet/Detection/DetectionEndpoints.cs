using System.ComponentModel;
using MfpClip.AspNet.Health;
using MfpClip.AspNet.Limits;
using MfpClip.Imaging;
using MfpClip.Output;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace MfpClip.AspNet.Detection;

/// <summary>The endpoints that take photos, and the one that says what the service takes.</summary>
internal static class DetectionEndpoints
{
    public static IServiceCollection AddPhotoDetection(this IServiceCollection services) =>
        services.AddSingleton<IImageDecoder, SkiaImageDecoder>().AddSingleton<PhotoDetection>();

    public static void MapDetection(this WebApplication app)
    {
        var limits = app.Services.GetRequiredService<IOptions<ServiceLimits>>().Value;
        app.MapGet("/info", InfoAsync).WithName("GetService").WithTags("service").WithSummary("State of the detector, threshold and limits.");
        var detect = app.MapGroup("/detect").WithTags("detection").DisableAntiforgery();
        Limited(detect.MapPost("/", DetectAsync), limits, files: 1).WithName("Detect")
            .WithSummary("Score, decision and regions of one photo; with ?overlay=true the overlay, too.").Produces<DetectionResponse>();
        Limited(detect.MapPost("/overlay", OverlayAsync), limits, files: 1).WithName("DetectOverlay")
            .WithSummary("The anomaly map over one photo, as PNG of the photo's size.").Produces(StatusCodes.Status200OK, contentType: "image/png");
        Limited(detect.MapPost("/batch", BatchAsync), limits, limits.MaximumFiles).WithName("DetectBatch")
            .WithSummary("Several photos: a result or a problem for each, in their order.").Produces<IReadOnlyList<BatchItemResponse>>();
    }

    private static RouteHandlerBuilder Limited(RouteHandlerBuilder endpoint, ServiceLimits limits, int files)
    {
        endpoint.WithRequestTimeout(TimeSpan.FromSeconds(limits.TimeoutSeconds));
        endpoint.WithMetadata(new RequestSizeLimitAttribute(limits.RequestBytes(files)));
        endpoint.WithFormOptions(multipartBodyLengthLimit: limits.RequestBytes(files));
        foreach (int status in new[]
        {
            StatusCodes.Status400BadRequest, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType,
            StatusCodes.Status422UnprocessableEntity, StatusCodes.Status503ServiceUnavailable, StatusCodes.Status504GatewayTimeout,
        })
        {
            endpoint.ProducesProblem(status);
        }

        return endpoint;
    }

    private static async Task<DetectionResponse> DetectAsync(
        [Description("The photo: PNG, JPEG, WebP, BMP or GIF.")] IFormFile image,
        PhotoDetection photos,
        [FromForm(Name = "class"), Description("What the photo shows, for example \"metal nut\"; empty: the calibration's words, or \"object\".")] string? name,
        [Description("Whether the answer holds the overlay as a data URL.")] bool? overlay,
        CancellationToken cancellationToken)
    {
        await photos.CheckReadyAsync(cancellationToken);
        return Answer(image.FileName, await photos.DetectAsync(image, name, cancellationToken), overlay == true);
    }

    private static async Task<FileContentHttpResult> OverlayAsync(
        IFormFile image, PhotoDetection photos, [FromForm(Name = "class")] string? name, CancellationToken cancellationToken)
    {
        await photos.CheckReadyAsync(cancellationToken);
        return TypedResults.File(MapImages.ToPng((await photos.DetectAsync(image, name, cancellationToken)).Overlay()), "image/png");
    }

    private static async Task<IReadOnlyList<BatchItemResponse>> BatchAsync(
        IFormFileCollection images, PhotoDetection photos, IOptions<ServiceLimits> limits, [FromForm(Name = "class")] string? name, bool? overlay,
        CancellationToken cancellationToken)
    {
        if (images.Count == 0 || images.Count > limits.Value.MaximumFiles)
        {
            throw images.Count == 0 ? new PhotoException(StatusCodes.Status400BadRequest, "There is no file in the form; send photos in the field 'images'.")
                : new PhotoException(StatusCodes.Status413PayloadTooLarge,
                    $"There are {images.Count} files; the service takes up to {limits.Value.MaximumFiles} in one request. Send them in several.");
        }

        await photos.CheckReadyAsync(cancellationToken);
        var items = new List<BatchItemResponse>(images.Count);
        foreach (var image in images)
        {
            try
            {
                items.Add(new(image.FileName, Answer(image.FileName, await photos.DetectAsync(image, name, cancellationToken), overlay == true), null));
            }
            catch (Exception e) when (e is PhotoException or ServiceBusyException)
            {
                int status = e is PhotoException photo ? photo.Status : StatusCodes.Status503ServiceUnavailable;
                items.Add(new(image.FileName, null, new() { Status = status, Title = ReasonPhrases.GetReasonPhrase(status), Detail = e.Message }));
            }
        }

        return items;
    }

    private static async Task<ServiceResponse> InfoAsync(
        HttpContext context, HealthCheckService health, IServiceProvider services, IOptions<ServiceLimits> limits, CancellationToken cancellationToken)
    {
        var entry = await HealthEndpoints.CheckAsync(health, cancellationToken);
        string state = entry.Data.GetValueOrDefault("state") as string ?? "failed";
        var calibration = state == "ready" ? services.GetRequiredService<IZeroShotDetector>().Calibration : null;
        context.Response.Headers.CacheControl = "no-store";
        return new()
        {
            State = state,
            Reason = entry.Status == HealthStatus.Healthy ? null : entry.Description,
            Method = entry.Data.GetValueOrDefault("method") as string,
            Device = entry.Data.GetValueOrDefault("device") as string,
            Threshold = calibration?.ImageThreshold,
            ClassName = calibration?.ClassName,
            ThresholdStrategy = calibration?.Strategy,
            MaximumFileBytes = limits.Value.MaximumFileBytes,
            MaximumPixels = limits.Value.ImageLimits.MaximumPixels,
            MaximumFiles = limits.Value.MaximumFiles,
        };
    }

    private static DetectionResponse Answer(string fileName, PhotoDetection.Detected detected, bool overlay) => new()
    {
        Name = fileName,
        Score = detected.Result.Score,
        CalibratedScore = detected.Result.CalibratedScore,
        Decision = detected.Result.IsAnomalous switch { true => "anomalous", false => "normal", null => "none" },
        Threshold = detected.Result.Threshold,
        PixelThreshold = detected.Result.PixelThreshold,
        Width = detected.Result.ImageWidth,
        Height = detected.Result.ImageHeight,
        Regions = [.. detected.Result.Regions.Select(r => new RegionResponse(r.X, r.Y, r.Width, r.Height, r.Area, r.Peak))],
        Tiles = detected.Result.Tiles,
        Notices = detected.Result.Notices,
        Milliseconds = detected.Milliseconds,
        Overlay = overlay ? OverlayJpeg.ToDataUrl(detected.Overlay()) : null,
    };
}
