using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MfpClip.Hosting;

/// <summary>
/// Says whether the native backend works and the detector can be made; add it with <c>AddHealthChecks().AddCheck&lt;MfpClipHealthCheck&gt;("mfpclip")</c>.
/// </summary>
/// <param name="services">The host's services.</param>
public sealed class MfpClipHealthCheck(IServiceProvider services) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var detector = services.GetService<IZeroShotDetector>();
            return Task.FromResult(detector is null
                ? HealthCheckResult.Unhealthy("No detector is registered; call services.AddMfpClip(...).")
                : HealthCheckResult.Healthy(detector.Description.Method, new Dictionary<string, object>
                {
                    ["device"] = detector.Description.Device,
                    ["weights"] = detector.Description.WeightsHash,
                }));
        }
        catch (Exception e) when (e is MfpClipException or Microsoft.Extensions.Options.OptionsValidationException)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy(e.Message, e));
        }
    }
}
