using MfpClip.Hosting;
using MfpClip.Modules.Self;
using MfpClip.Tests.Detection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MfpClip.Tests.Hosting;

public class ServiceCollectionTests
{
    [Fact]
    public async Task A_configured_detector_detects_and_health_tells_that_its_weights_are_random()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["MfpClip:ImageToText"] = "off", ["MfpClip:SelfPrompt:Variant"] = "Off", ["MfpClip:MultiPatch:Neighbourhood"] = "5", ["MfpClip:ImageSize"] = "56",
        }).Build();
        await using var services = new ServiceCollection()
            .AddMfpClip(configuration.GetSection("MfpClip"), o => o.Configure = b => b.UseRandomBackbone(ZeroShotDetectorTests.Config))
            .BuildServiceProvider();

        var detector = services.GetRequiredService<IZeroShotDetector>();
        var health = await services.GetRequiredService<MfpClipHealthCheck>().CheckHealthAsync(new());

        Assert.InRange(detector.Detect(ZeroShotDetectorTests.Picture(1)).Score, 0, 1);
        Assert.Contains(detector.Description.Stages, s => s.Options.Any(o => o.Value.StartsWith('5')));
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Same(detector, services.GetRequiredService<IZeroShotDetector>());
    }

    [Fact]
    public void Wrong_options_fail_when_the_host_starts_and_name_each_fault()
    {
        using var services = new ServiceCollection().AddMfpClip(o =>
            o.Recipe = new() { Backbone = "/absent/model", BatchSize = 0, ImageSize = -1, ImageToText = new("off"), SelfPrompt = new("off") })
            .BuildServiceProvider();

        var e = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Equal(3, e.Failures.Count());
    }

    [Fact]
    public void Keyed_detectors_live_side_by_side()
    {
        static void Small(MfpClipOptions o, long seed)
        {
            o.Recipe = new() { ImageToText = new("off"), SelfPrompt = new("off"), ImageSize = 56 };
            o.Configure = b => b.UseRandomBackbone(ZeroShotDetectorTests.Config, seed);
        }

        using var services = new ServiceCollection().AddKeyedMfpClip("a", o => Small(o, 1)).AddKeyedMfpClip("b", o => Small(o, 2)).BuildServiceProvider();

        Assert.NotEqual(
            services.GetRequiredKeyedService<IZeroShotDetector>("a").Description.WeightsHash,
            services.GetRequiredKeyedService<IZeroShotDetector>("b").Description.WeightsHash);
    }

    [Fact]
    public async Task A_host_can_be_stopped_after_its_services_were_disposed()
    {
        var services = new ServiceCollection().AddMfpClip(o =>
        {
            o.Recipe = new() { ImageToText = new("off"), SelfPrompt = new("off"), ImageSize = 56 };
            o.Configure = b => b.UseRandomBackbone(ZeroShotDetectorTests.Config);
        }).BuildServiceProvider();
        var hosted = services.GetServices<IHostedService>().ToList();
        Assert.NotEmpty(hosted);
        foreach (var service in hosted)
        {
            await service.StartAsync(CancellationToken.None);
        }

        await services.DisposeAsync();
        await services.DisposeAsync();

        foreach (var service in hosted)
        {
            await service.StopAsync(CancellationToken.None);
        }
    }
}
