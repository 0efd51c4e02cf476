using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MfpClip.Hosting;

/// <summary>
/// Whether every registered detector, with and without a key, detects: healthy where all are ready, degraded where one has random or untrained weights,
/// unhealthy while one is loading or where one has failed, with the reason.
/// </summary>
/// <remarks>
/// It does not wait for a detector that is being loaded. One that nobody has asked for, because <see cref="MfpClipOptions.WarmUp"/> is off or no host was
/// started, is loaded. The data hold "state" ("ready", "loading" or "failed"), "method", "device", "weights", "random" and "reason", under "KEY.state" and so
/// on for a detector with a key.
/// </remarks>
public sealed class MfpClipHealthCheck(IServiceProvider services) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        var (ready, waiting, failed, random) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
        Exception? cause = null;
        foreach (var detector in services.GetServices<HostedDetector>())
        {
            var status = await StatusAsync(detector, cancellationToken).ConfigureAwait(false);
            string prefix = detector.Key is null ? string.Empty : $"{detector.Key}.", name = detector.Key is null ? string.Empty : $"{detector.Key}: ";
            data[$"{prefix}state"] = status.State == HostedState.NotLoaded ? "loading" : status.State.ToString().ToLowerInvariant();
            if (status.Description is { } description)
            {
                (data[$"{prefix}method"], data[$"{prefix}device"], data[$"{prefix}weights"]) =
                    (description.Method, description.Device, description.WeightsHash);
            }

            switch (status.State)
            {
                case HostedState.Ready when status.RandomStages is { Count: > 0 } stages:
                    data[$"{prefix}random"] = string.Join(", ", stages);
                    random.Add($"{name}random or untrained weights in {string.Join(", ", stages)}: maps and scores mean nothing");
                    break;
                case HostedState.Ready:
                    ready.Add(name + status.Description?.Method);
                    break;
                case HostedState.Failed:
                    data[$"{prefix}reason"] = status.Failure!.Message;
                    failed.Add($"{name}failed: {status.Failure.Message}");
                    cause ??= status.Failure;
                    break;
                default:
                    waiting.Add($"{name}loading");
                    break;
            }
        }

        if (data.Count == 0)
        {
            failed.Add("No detector is registered; call services.AddMfpClip(...).");
        }

        var worst = failed.Count + waiting.Count > 0 ? context?.Registration?.FailureStatus ?? HealthStatus.Unhealthy
            : random.Count > 0 ? HealthStatus.Degraded : HealthStatus.Healthy;
        return new(worst, string.Join(" | ", [.. failed, .. waiting, .. random, .. ready]), cause, data);
    }

    private async Task<HostedStatus> StatusAsync(HostedDetector detector, CancellationToken cancellationToken)
    {
        if (detector.Status.State == HostedState.NotLoaded)
        {
            try
            {
                var found = await Task.Run(() => detector.Key is { } key ? services.GetRequiredKeyedService<IZeroShotDetector>(key)
                    : services.GetRequiredService<IZeroShotDetector>(), CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
                if (detector.Status.State == HostedState.NotLoaded)
                {
                    detector.Ready(found.Description);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                if (detector.Status.State != HostedState.Failed)
                {
                    detector.Fail(e);
                }
            }
        }

        return detector.Status;
    }
}
