using MfpClip.Distributed;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace MfpClip.Hosting;

/// <summary>
/// Whether the host's worker works: healthy where it takes work, degraded where the server cannot be reached for a moment, unhealthy where that lasts longer
/// than the time to answer, where an image hangs, or where the worker does not run.
/// </summary>
/// <remarks>Register it with <c>services.AddHealthChecks().AddCheck&lt;MfpClipWorkerHealthCheck&gt;("worker")</c>.</remarks>
public sealed class MfpClipWorkerHealthCheck : IHealthCheck
{
    private readonly MfpClipWorkerService _service;
    private readonly TimeSpan _patience;

    internal MfpClipWorkerHealthCheck(MfpClipWorkerService service, IOptions<MfpClipWorkerOptions> options) =>
        (_service, _patience) = (service, options.Value.Nats?.AckWait ?? TimeSpan.FromSeconds(30));

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var failure = context?.Registration?.FailureStatus ?? HealthStatus.Unhealthy;
        return Task.FromResult(_service.State is { } state ? Of(state, failure, _patience)
            : new(failure, $"The worker does not run: {_service.Fault}"));
    }

    /// <summary>The health of a worker's state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="failure">What unhealthy is called.</param>
    /// <param name="patience">How long the server may be away.</param>
    public static HealthCheckResult Of(WorkerState state, HealthStatus failure, TimeSpan patience)
    {
        ArgumentNullException.ThrowIfNull(state);
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["worker"] = state.Worker, ["held"] = state.Held, ["completed"] = state.Completed, ["duplicates"] = state.Duplicates, ["dead"] = state.Dead,
            ["retried"] = state.Retried,
        };
        return !state.IsRunning ? new(failure, "The worker does not run.", data: data)
            : state.IsStuck ? new(failure, $"An image has been in work for {(long)state.OldestHeld.TotalSeconds} s: the detector or a share hangs.", data: data)
            : state.Fault is not { } fault ? new(HealthStatus.Healthy, $"{state.Held} images in hand", data: data)
            : new(DateTimeOffset.UtcNow - state.FaultSince > patience ? failure : HealthStatus.Degraded, fault, data: data);
    }
}
