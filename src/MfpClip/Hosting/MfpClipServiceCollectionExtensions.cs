using MfpClip;
using MfpClip.Backbones.Cnn;
using MfpClip.Calibration;
using MfpClip.Hosting;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Self;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds detectors to a host.</summary>
public static class MfpClipServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="IZeroShotDetector"/> as a singleton. Options are validated when the host starts; weights are loaded at first use.</summary>
    public static IServiceCollection AddMfpClip(this IServiceCollection services, Action<MfpClipOptions> configure)
    {
        Register(services, Options.Options.DefaultName).Configure(configure);
        services.TryAddSingleton<IZeroShotDetector>(s => Build(s, Options.Options.DefaultName));
        return services;
    }

    /// <summary>The same, with options bound from configuration.</summary>
    public static IServiceCollection AddMfpClip(this IServiceCollection services, IConfiguration section, Action<MfpClipOptions>? configure = null)
    {
        var options = Register(services, Options.Options.DefaultName).Bind(section);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton<IZeroShotDetector>(s => Build(s, Options.Options.DefaultName));
        return services;
    }

    /// <summary>Adds one of several detectors under a key (and under the options' name of that key).</summary>
    public static IServiceCollection AddKeyedMfpClip(this IServiceCollection services, string key, Action<MfpClipOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        Register(services, key).Configure(configure);
        services.TryAddKeyedSingleton<IZeroShotDetector>(key, (s, _) => Build(s, key));
        return services;
    }

    private static OptionsBuilder<MfpClipOptions> Register(IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MfpClipOptions>, MfpClipOptionsValidator>());
        services.TryAddTransient<MfpClipHealthCheck>();
        return services.AddOptions<MfpClipOptions>(name).ValidateOnStart();
    }

    private static ZeroShotDetector Build(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<MfpClipOptions>>().Get(name);
        var builder = new ZeroShotDetectorBuilder()
            .UseDevice(options.Device).UsePrecision(options.ParsedPrecision!.Value).WithBatchSize(options.BatchSize)
            .UseImageToTextPrompt(new ImageToTextPromptOptions { Variant = options.ImageToText })
            .UseSelfPrompt(new SelfPromptOptions { Variant = options.SelfPrompt })
            .UseMultiPatch(new MultiPatchOptions { Neighbourhood = options.Neighbourhood })
            .UseMaskPrompt(new MaskPromptOptions { Variant = options.MaskPrompt });
        if (services.GetService<ILoggerFactory>() is { } loggers)
        {
            builder.UseLogger(loggers);
        }

        Apply(options.Backbone, p => builder.UseBackbone(p));
        Apply(options.Cnn, p => builder.UseCnn(new ResNetOptions { Architecture = options.CnnArchitecture, WeightsPath = p }));
        Apply(options.Modules, p => builder.WithModuleWeights(p));
        Apply(options.Calibration, p => builder.WithCalibration(CalibrationFile.Load(p)));
        if (options.ImageSize is { } size)
        {
            builder.WithImageSize(size);
        }

        options.Configure?.Invoke(builder);
        var detector = builder.Build();
        if (detector.Calibration?.WeightsHash is { } hash && hash != detector.Description.WeightsHash)
        {
            detector.Dispose();
            throw new CalibrationException($"The calibration was made with other weights ({hash[..Math.Min(12, hash.Length)]}...). Calibrate again.");
        }

        return detector;
    }

    private static void Apply(string? path, Action<string> use)
    {
        if (!string.IsNullOrWhiteSpace(path))
        {
            use(path);
        }
    }
}
