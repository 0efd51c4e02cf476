using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MfpClip.AspNet.Health;

/// <summary>How the service is.</summary>
/// <param name="Status">"Healthy", "Degraded" (random weights) or "Unhealthy" (loading or failed).</param>
/// <param name="Description">The reason, as text.</param>
/// <param name="Detectors">State, method, device, weights and reason by name.</param>
public sealed record HealthResponse(string Status, string? Description, IReadOnlyDictionary<string, object>? Detectors);

/// <summary>Health for load balancers: /health while the service should get photos, /health/live while its process should not be restarted.</summary>
internal static class HealthEndpoints
{
    public const string DetectorCheck = "mfpclip";

    public static void MapHealth(this WebApplication app)
    {
        var group = app.MapGroup("/health").WithTags("health");
        group.MapGet("/", ReadyAsync).WithName("GetHealth").WithSummary("Whether the detector is ready: 200, or 503 while it loads or where it failed.")
            .Produces<HealthResponse>().Produces<HealthResponse>(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("/live", () => TypedResults.Ok(new HealthResponse(nameof(HealthStatus.Healthy), null, null)))
            .WithName("GetLiveness").WithSummary("Whether the process answers.");
    }

    /// <summary>State of the detector.</summary>
    public static async Task<HealthReportEntry> CheckAsync(HealthCheckService health, CancellationToken cancellationToken) =>
        (await health.CheckHealthAsync(r => r.Name == DetectorCheck, cancellationToken)).Entries[DetectorCheck];

    private static async Task<JsonHttpResult<HealthResponse>> ReadyAsync(HttpContext context, HealthCheckService health, CancellationToken cancellationToken)
    {
        var entry = await CheckAsync(health, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new HealthResponse(entry.Status.ToString(), entry.Description, entry.Data),
            statusCode: entry.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }
}
