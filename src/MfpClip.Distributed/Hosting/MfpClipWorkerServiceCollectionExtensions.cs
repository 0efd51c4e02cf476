using MfpClip;
using MfpClip.Distributed;
using MfpClip.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers workers.</summary>
public static class MfpClipWorkerServiceCollectionExtensions
{
    /// <summary>
    /// Registers a worker that runs with the host, for the detector that <c>AddMfpClip</c> registers. Options are validated when the host starts.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="configure">Sets server and images.</param>
    /// <example><code>services.AddMfpClipWorker(o => { o.Nats = new(); o.Images = new() { Roots = ["/mnt/photos"] }; });</code></example>
    public static IServiceCollection AddMfpClipWorker(this IServiceCollection services, Action<MfpClipWorkerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, null, configure);
    }

    /// <summary>The same, from configuration.</summary>
    /// <param name="services">The container.</param>
    /// <param name="section">For example <c>configuration.GetSection("Worker")</c>.</param>
    /// <param name="configure">Applied after the section.</param>
    public static IServiceCollection AddMfpClipWorker(
        this IServiceCollection services, IConfiguration section, Action<MfpClipWorkerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Add(services, section, configure);
    }

    private static IServiceCollection Add(IServiceCollection services, IConfiguration? section, Action<MfpClipWorkerOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(d => d.ServiceType == typeof(MfpClipWorkerService)))
        {
            throw new DetectorConfigurationException(["A worker is registered already; one detector a process is enough, start another process."]);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MfpClipWorkerOptions>, MfpClipWorkerOptionsValidator>());
        services.AddSingleton<MfpClipWorkerService>();
        services.AddSingleton<IHostedService>(s => s.GetRequiredService<MfpClipWorkerService>());
        services.TryAddTransient(s => new MfpClipWorkerHealthCheck(
            s.GetRequiredService<MfpClipWorkerService>(), s.GetRequiredService<IOptions<MfpClipWorkerOptions>>()));
        var options = services.AddOptions<MfpClipWorkerOptions>().ValidateOnStart();
        if (section is not null)
        {
            options.Bind(section, o => o.ErrorOnUnknownConfiguration = true);
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        return services;
    }
}
