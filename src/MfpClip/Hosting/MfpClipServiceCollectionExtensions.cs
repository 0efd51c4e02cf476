using MfpClip;
using MfpClip.Execution;
using MfpClip.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers detectors.</summary>
public static class MfpClipServiceCollectionExtensions
{
    /// <summary>
    /// Registers an <see cref="IZeroShotDetector"/> as a singleton that the container disposes. Options are validated when the host starts;
    /// weights are loaded when the detector is first asked for.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="configure">Sets the recipe, or the builder itself.</param>
    /// <example><code>services.AddMfpClip(o => o.Recipe = new() { Backbone = "ViT-L-14-336px.pt" });</code></example>
    public static IServiceCollection AddMfpClip(this IServiceCollection services, Action<MfpClipOptions> configure) =>
        Add(services, null, null, configure ?? throw new ArgumentNullException(nameof(configure)));

    /// <summary>The same, with the recipe from configuration: every property of <see cref="DetectorRecipe"/>, for every method.</summary>
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
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MfpClipOptions>, MfpClipOptionsValidator>());
        services.TryAddTransient<MfpClipHealthCheck>();
        services.AddSingleton(new RegisteredDetector(key));
        var options = services.AddOptions<MfpClipOptions>(key ?? Options.Options.DefaultName).ValidateOnStart();
        if (section is not null)
        {
            options.Configure(o => Bind(o, section));
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        if (key is null)
        {
            services.TryAddSingleton<IZeroShotDetector>(s => Build(s, Options.Options.DefaultName));
        }
        else
        {
            services.TryAddKeyedSingleton<IZeroShotDetector>(key, (s, _) => Build(s, key));
        }

        return services;
    }

    private static void Bind(MfpClipOptions options, IConfiguration section)
    {
        try
        {
            options.Recipe = RecipeConfiguration.Read(section);
        }
        catch (DetectorConfigurationException e)
        {
            options.ConfigurationFaults.AddRange(e.Faults);
        }
    }

    private static ZeroShotDetector Build(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<MfpClipOptions>>().Get(name);
        var builder = ZeroShotDetectorBuilder.From(options.Recipe);
        if (services.GetService<ILoggerFactory>() is { } loggers)
        {
            builder.UseLogger(loggers);
        }

        options.Configure?.Invoke(builder);
        return builder.Build();
    }

    private static string NotEmpty(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return key;
    }
}
