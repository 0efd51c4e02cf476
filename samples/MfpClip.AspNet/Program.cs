using MfpClip;
using MfpClip.Backbones.Clip;
using MfpClip.Hosting;
using MfpClip.Kernels;
using MfpClip.Output;

// A minimal service: upload a photo, get a score, regions and an overlay. Configure it under "MfpClip" in appsettings.json, for example
// { "MfpClip": { "Method": "mfp-clip", "Backbone": "ViT-L-14-336px.pt", "Cnn": "resnet50.safetensors", "Modules": "modules.safetensors" } }.
var builder = WebApplication.CreateBuilder(args);
var section = builder.Configuration.GetSection("MfpClip");
builder.Services.AddMfpClip(section, options =>
{
    if (options.Recipe.Backbone is null)
    {
        // Nothing configured: random weights, so that the service can be tried. It finds nothing.
        options.Configure = b => b.WithoutImageToTextPrompt().WithoutSelfPrompt().UseRandomBackbone(new ClipConfig
        {
            EmbedDim = 64,
            Activation = MlpActivation.QuickGelu,
            Vision = new() { ImageSize = 224, PatchSize = 14, Width = 128, Layers = 4, Heads = 2 },
            Text = new() { VocabSize = 49408, Width = 64, Layers = 2, Heads = 1 },
        });
    }
});
builder.Services.AddHealthChecks().AddCheck<MfpClipHealthCheck>("mfpclip");

var app = builder.Build();
app.MapHealthChecks("/health");
app.MapGet("/", () => Results.Content("""
    <!DOCTYPE html><title>MfpClip</title><h1>MfpClip</h1>
    <form action="/detect/overlay" method="post" enctype="multipart/form-data">
    <input type="file" name="image" accept="image/*"> <input name="class" value="object"> <button>Detect</button></form>
    """, "text/html"));

app.MapPost("/detect", (IFormFile image, [Microsoft.AspNetCore.Mvc.FromForm(Name = "class")] string? name, IZeroShotDetector detector,
    CancellationToken cancellationToken) =>
    Answer(image, name, detector, cancellationToken, (result, _) => Results.Json(new
    {
        result.Score,
        result.CalibratedScore,
        result.IsAnomalous,
        result.Regions,
        Milliseconds = result.Timings.Total.TotalMilliseconds,
    }))).DisableAntiforgery();

app.MapPost("/detect/overlay",
    (IFormFile image, [Microsoft.AspNetCore.Mvc.FromForm(Name = "class")] string? name, IZeroShotDetector detector, CancellationToken cancellationToken) =>
    Answer(image, name, detector, cancellationToken, (result, photo) =>
        Results.Bytes(MapImages.ToPng(MapImages.Overlay(photo, result.ImageMap!, result.Regions)), "image/png"))).DisableAntiforgery();

app.Run();

static IResult Answer(IFormFile image, string? name, IZeroShotDetector detector, CancellationToken cancellationToken,
    Func<AnomalyResult, RgbImage, IResult> answer)
{
    try
    {
        using var stream = image.OpenReadStream();
        var photo = MapFiles.ReadPhoto(ImageInput.FromStream(stream, image.FileName));
        return answer(detector.Detect(photo, new() { ClassName = string.IsNullOrWhiteSpace(name) ? "object" : name }, cancellationToken), photo);
    }
    catch (Exception e) when (e is ImageDecodeException or DetectionOptionsException)
    {
        return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
    }
}

/// <summary>Named, so that tests can host the service.</summary>
public partial class Program;
