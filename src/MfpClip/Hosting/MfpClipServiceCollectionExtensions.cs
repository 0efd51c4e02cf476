using MfpClip;
using MfpClip.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers detectors.</summary>
public static class MfpClipServiceCollectionExtensions
{
    private static readonly Lock ThreadGate = new();

    /// <summary>
    /// Registers an <see cref="IZeroShotDetector"/> as a singleton that the container disposes. Options are validated when the host starts; then weights are
    /// loaded in the background (<see cref="MfpClipOptions.WarmUp"/>), or when the detector is first asked for.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="configure">Sets model and recipe, or the builder itself.</param>
    /// <exception cref="DetectorConfigurationException">One is registered already.</exception>
    /// <example><code>services.AddMfpClip(o => o.Recipe = new() { Backbone = "ViT-L-14-336px.pt" });</code></example>
    public static IServiceCollection AddMfpClip(this IServiceCollection services, Action<MfpClipOptions> configure) =>
        Add(services, null, null, configure ?? throw new ArgumentNullException(nameof(configure)));

    /// <summary>
    /// The same, with model and recipe from configuration: every property of <see cref="DetectorRecipe"/>, for every method. An empty section is the default
    /// model.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="section">For example <c>configuration.GetSection("MfpClip")</c>.</param>
    /// <param name="configure">Applied after the section.</param>
    public static IServiceCollection AddMfpClip(this IServiceCollection services, IConfiguration section, Action<MfpClipOptions>? configure = null) =>
        Add(services, null, section ?? throw new ArgumentNullException(nameof(section)), configure);

    /// <summary>Registers one of several detectors under a key: one for each product line, for example.</summary>
    /// <param name="services">The container.</param>
    /// <param name="key">For <c>[FromKeyedServices(key)]</c>.</param>
    /// <param name="configure">Sets the recipe, or the builder itself.</param>
    public static IServiceCollection AddKeyedMfpClip(this IServiceCollection services, string key, Action<MfpClipOptions> configure) =>
        Add(services, NotEmpty(key), null, configure ?? throw new ArgumentNullException(nameof(configure)));

    /// <summary>The same, with the recipe from configuration.</summary>
    /// <param name="services">The container.</param>
    /// <param name="key">For <c>[FromKeyedServices(key)]</c>.</param>
    /// <param name="section">For example <c>configuration.GetSection("MfpClip:Line1")</c>.</param>
    /// <param name="configure">Applied after the section.</param>
    public static IServiceCollection AddKeyedMfpClip(
        this IServiceCollection services, string key, IConfiguration section, Action<MfpClipOptions>? configure = null) =>
        Add(services, NotEmpty(key), section ?? throw new ArgumentNullException(nameof(section)), configure);

    private static IServiceCollection Add(IServiceCollection services, string? key, IConfiguration? section, Action<MfpClipOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ThrowIfRegistered(services, key);
        string name = key ?? Options.Options.DefaultName;
        var hosted = new HostedDetector(key);
        services.AddSingleton(hosted);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MfpClipOptions>, MfpClipOptionsValidator>());
        services.TryAddTransient<MfpClipHealthCheck>();
        services.AddHostedService<MfpClipWarmUp>();
        var options = services.AddOptions<MfpClipOptions>(name).ValidateOnStart();
        if (section is not null)
        {
            options.Configure(new SectionReader(section).Into);
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        if (key is null)
        {
            services.AddSingleton<IZeroShotDetector>(s => hosted.Load(() => Build(s, name, null, section)));
        }
        else
        {
            services.AddKeyedSingleton<IZeroShotDetector>(key, (s, _) => hosted.Load(() => Build(s, name, key, section)));
        }

        return services;
    }

    // A second registration would be ignored, and its options would overwrite those of the first.
    private static void ThrowIfRegistered(IServiceCollection services, string? key)
    {
        if (services.Any(d => d.ServiceType == typeof(IZeroShotDetector) && Equals(d.ServiceKey, key)))
        {
            throw new DetectorConfigurationException([key is null
                ? "There is an IZeroShotDetector already; give further ones a key (AddKeyedMfpClip), and change this one's options with "
                    + "services.Configure<MfpClipOptions>(...)."
                : $"There is a detector with the key '{key}' already; choose another key."]);
        }
    }

    private static ZeroShotDetector Build(IServiceProvider services, string name, string? key, IConfiguration? section)
    {
        var options = services.GetRequiredService<IOptionsMonitor<MfpClipOptions>>().Get(name);
        var loggers = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        LimitThreads(options);
        Announce(loggers.CreateLogger<MfpClipOptions>(), options, key ?? "default", section);
        var builder = ZeroShotDetectorBuilder.From(HostedModel.Resolve(options)).UseLogger(loggers);
        if (key is not null)
        {
            builder.WithLine(key);
        }

        options.Configure?.Invoke(builder);
        return builder.Build();
    }

    // One number for the process: another detector's would silently be this one's, too.
    private static void LimitThreads(MfpClipOptions options)
    {
        if (options.Threads is not { } threads)
        {
            return;
        }

        lock (ThreadGate)
        {
            if (ThreadLimit.IsSet && ThreadLimit.Count != threads)
            {
                throw new DetectorConfigurationException([$"Threads is {threads}, but this process was limited to {ThreadLimit.Count} before, by another "
                    + "detector or ThreadLimit.Set; the limit holds for the whole process. Name the same number everywhere, or in one place only."]);
            }

            ThreadLimit.Set(threads);
        }
    }

    private static void Announce(ILogger logger, MfpClipOptions options, string name, IConfiguration? section)
    {
        if (section is IConfigurationSection { Path: var path } && name != "default" && SectionReader.IsEmpty(section))
        {
            HostingLog.EmptySection(logger, name, path);
        }

        if (HostedModel.IsDefault(options))
        {
            HostingLog.DefaultModel(logger, name, HostedModel.Default);
        }
    }

    private static string NotEmpty(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return key;
    }
}
