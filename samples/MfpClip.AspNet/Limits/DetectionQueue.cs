using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace MfpClip.AspNet.Limits;

/// <summary>Lets as many detections run as the limits say, and as many wait; the others are refused at once.</summary>
/// <remarks>Around the detection alone: a slow upload holds no place.</remarks>
internal sealed class DetectionQueue(IOptions<ServiceLimits> limits) : IDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new()
    {
        PermitLimit = limits.Value.ConcurrentDetections, QueueLimit = limits.Value.QueueLength, QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Runs it when its turn comes.</summary>
    /// <exception cref="ServiceBusyException">Too many wait already.</exception>
    public async Task<T> RunAsync<T>(Func<T> detection, CancellationToken cancellationToken)
    {
        using var lease = await _limiter.AcquireAsync(1, cancellationToken);
        return lease.IsAcquired ? await Task.Run(detection, cancellationToken)
            : throw new ServiceBusyException("More photos wait than the service takes (Service:QueueLength). Try again in a moment.");
    }

    public void Dispose() => _limiter.Dispose();
}

/// <summary>The service cannot detect now, and can later: busy, or its model is not there.</summary>
internal sealed class ServiceBusyException(string message) : Exception(message)
{
    /// <summary>Seconds after which another try makes sense.</summary>
    public const int RetryAfterSeconds = 2;
}
