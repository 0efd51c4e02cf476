using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace MfpClip.Hosting;

/// <summary>
/// Healthy when every registered detector, with and without a key, could be composed and its weights loaded. Builds them if nobody did before.
/// </summary>
public sealed class MfpClipHealthCheck(IServiceProvider services) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        var (failures, methods, cause) = (new List<string>(), new List<string>(), (Exception?)null);
        foreach (string? key in services.GetServices<RegisteredDetector>().Select(d => d.Key).Distinct())
        {
            cancellationToken.ThrowIfCancellationRequested();
            string prefix = key is null ? string.Empty : $"{key}.";
            try
            {
                var description = (key is null ? services.GetRequiredService<IZeroShotDetector>()
                    : services.GetRequiredKeyedService<IZeroShotDetector>(key)).Description;
                methods.Add(key is null ? description.Method : $"{key}: {description.Method}");
                (data[$"{prefix}device"], data[$"{prefix}weights"]) = (description.Device, description.WeightsHash);
            }
            catch (Exception e) when (e is MfpClipException or OptionsValidationException)
            {
                failures.Add(key is null ? e.Message : $"{key}: {e.Message}");
                cause ??= e;
            }
        }

        return Task.FromResult(failures.Count > 0 ? HealthCheckResult.Unhealthy(string.Join(" | ", failures), cause, data)
            : methods.Count > 0 ? HealthCheckResult.Healthy(string.Join(", ", methods), data)
            : HealthCheckResult.Unhealthy("No detector is registered; call services.AddMfpClip(...)."));
    }
}

/// <summary>That a detector was registered, so that the health check knows it.</summary>
internal sealed record RegisteredDetector(string? Key);
