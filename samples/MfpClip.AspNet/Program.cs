using MfpClip.AspNet.Detection;
using MfpClip.AspNet.Health;
using MfpClip.AspNet.Limits;
using MfpClip.AspNet.Page;
using MfpClip.Hosting;

// A service: photos in, scores, decisions, regions and overlays out, with a page for people. It runs the default model as it is; the section "MfpClip"
// of the configuration chooses another one, references and a calibration, "Service" sets the limits (docs/hosting.md).
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddMfpClip(builder.Configuration.GetSection("MfpClip"));
builder.Services.AddHealthChecks().AddCheck<MfpClipHealthCheck>(HealthEndpoints.DetectorCheck);
builder.Services.AddServiceLimits();
builder.Services.AddPhotoDetection();
builder.Services.AddProblemDetails(ServiceProblems.Customize);
builder.Services.AddExceptionHandler<ServiceProblems>();
builder.Services.AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
{
    document.Info.Title = "MfpClip";
    document.Info.Description = "Finds defects on photos of parts: score, decision, regions and overlay.";
    return Task.CompletedTask;
}));

var app = builder.Build();
app.UseExceptionHandler(new ExceptionHandlerOptions { SuppressDiagnosticsCallback = ServiceProblems.IsExpected });
app.UseStatusCodePages();
app.UseMiddleware<PageSecurity>();
app.UseRequestTimeouts();
app.MapOpenApi();
app.MapPage();
app.MapHealth();
app.MapDetection();
app.Run();

/// <summary>Named, so that tests can host the service.</summary>
public partial class Program;
