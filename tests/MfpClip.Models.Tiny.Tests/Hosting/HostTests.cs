using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using MfpClip.Calibration;
using MfpClip.Diagnostics;
using MfpClip.Hosting;
using MfpClip.Output;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MfpClip.Models.Tiny.Tests.Hosting;

/// <summary>A real host with configuration as JSON. No test here mentions the package's assembly before the host has found it.</summary>
public sealed class HostTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "Model": "tiny" }""")]
    [InlineData("""{ "Backbone": { "Package": "tiny" } }""")]
    public async Task The_default_model_needs_no_code_and_at_most_one_key(string section)
    {
        using var host = Host(section);
        await host.StartAsync();
        var health = await WhenLoaded(host);

        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Equal("ready", health.Data["state"]);
        using var expected = ZeroShotDetector.CreateDefault();
        var detector = host.Services.GetRequiredService<IZeroShotDetector>();
        Assert.Equal(expected.Description.CompositionHash, detector.Description.CompositionHash);
        Assert.Equal(expected.Description.WeightsHash, detector.Description.WeightsHash);
        await host.StopAsync();
    }

    [Fact]
    public async Task Methods_references_and_calibration_come_by_configuration_and_keyed_detectors_have_their_own()
    {
        string references = Directory.CreateDirectory(Path.Combine(_folder, "good")).FullName;
        MapFiles.WritePng(Path.Combine(references, "a.png"), Picture(1));
        string calibration = Path.Combine(_folder, "calibration.json");
        CalibrationFile.Save(calibration, new() { ImageThreshold = 0.001f, PixelThreshold = 0.9f, MinimumScore = 0, MaximumScore = 1, Strategy = "by hand" });
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddJsonStream(Stream(JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["line-1"] = new { Model = "tiny", References = references }, ["line-2"] = new { Model = "tiny", Calibration = calibration },
            ["line-3"] = new { Method = "winclip", Model = "tiny" },
        })));
        foreach (string line in new[] { "line-1", "line-2", "line-3" })
        {
            builder.Services.AddKeyedMfpClip(line, builder.Configuration.GetSection(line));
        }

        builder.Services.AddHealthChecks().AddCheck<MfpClipHealthCheck>("mfpclip");
        using var host = builder.Build();
        await host.StartAsync();
        var health = await WhenLoaded(host);

        Assert.Equal(HealthStatus.Healthy, health.Status);
        Assert.Equal(["ready", "ready", "ready"], new[] { "line-1", "line-2", "line-3" }.Select(l => health.Data[$"{l}.state"]));
        Assert.Equal("a.png", Path.GetFileName(Assert.Single(((ZeroShotDetector)Of(host, "line-1")).References!.Images).Name));
        Assert.True(Of(host, "line-2").Detect(Picture(2)).IsAnomalous);
        Assert.Equal("winclip", Of(host, "line-3").Description.MethodId);
        await host.StopAsync();

        static IZeroShotDetector Of(IHost host, string key) => host.Services.GetRequiredKeyedService<IZeroShotDetector>(key);
    }

    [Fact]
    public async Task Weights_that_cannot_be_loaded_do_not_stop_the_host_and_health_tells_the_reason()
    {
        string torn = Path.Combine(_folder, "torn.safetensors");
        await File.WriteAllBytesAsync(torn, [1, 2, 3]);
        using var host = Host(JsonSerializer.Serialize(new { Model = torn }));

        await host.StartAsync();
        var health = await WhenLoaded(host);

        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Equal("failed", health.Data["state"]);
        Assert.Contains("torn.safetensors", (string)health.Data["reason"], StringComparison.Ordinal);
        Assert.Throws<WeightsException>(host.Services.GetRequiredService<IZeroShotDetector>);
        await host.StopAsync();
    }

    [Fact]
    public async Task An_unknown_key_stops_the_host_at_its_start()
    {
        using var host = Host("""{ "Modle": "tiny" }""");

        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("did you mean 'Model'?", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Random_and_untrained_weights_are_degraded_and_said()
    {
        using var host = Host("""
            { "Backbone": { "RandomSeed": 1, "Config": { "EmbedDim": 16, "Activation": "quick-gelu",
              "Vision": { "ImageSize": 28, "PatchSize": 14, "Width": 32, "Layers": 4, "Heads": 2 },
              "Text": { "VocabSize": 49408, "Width": 16, "Layers": 2, "Heads": 2 } } },
              "ImageToText": "off", "SelfPrompt": "off", "ImageSize": 56 }
            """);
        await host.StartAsync();
        var health = await WhenLoaded(host);

        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("random or untrained weights", health.Description, StringComparison.Ordinal);
        Assert.Contains("backbone", (string)health.Data["random"], StringComparison.OrdinalIgnoreCase);
        await host.StopAsync();
    }

    [Fact]
    public async Task Without_warm_up_nothing_is_loaded_until_somebody_asks()
    {
        using var host = Host("""{ "WarmUp": false }""");
        await host.StartAsync();
        var hosted = host.Services.GetRequiredService<HostedDetector>();
        Assert.Equal(HostedState.NotLoaded, hosted.Status.State);

        host.Services.GetRequiredService<IZeroShotDetector>();

        Assert.Equal(HostedState.Ready, hosted.Status.State);
        await host.StopAsync();
    }

    [Fact]
    public async Task While_it_loads_health_says_so_and_does_not_wait()
    {
        using var open = new ManualResetEventSlim();
        using var host = Host("{}", o => o.Configure = b =>
        {
            open.Wait(TimeSpan.FromMinutes(5));
            b.UseDefaultModel();
        });
        await host.StartAsync();

        var loading = await Check(host);
        open.Set();
        var ready = await WhenLoaded(host);

        Assert.Equal((HealthStatus.Unhealthy, "loading"), (loading.Status, loading.Data["state"]));
        Assert.Equal((HealthStatus.Healthy, "ready"), (ready.Status, ready.Data["state"]));
        await host.StopAsync();
    }

    [Fact]
    public async Task The_image_of_the_warm_up_is_counted_nowhere_and_later_ones_under_their_line()
    {
        var lines = new ConcurrentBag<object?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (i, l) =>
            {
                if (i.Meter.Name == MfpClipTelemetry.MeterName)
                {
                    l.EnableMeasurementEvents(i);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((i, v, tags, _) => lines.Add(tags.ToArray().FirstOrDefault(t => t.Key == MfpClipTelemetry.LineTag).Value));
        listener.Start();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddKeyedMfpClip("counted-line", builder.Configuration.GetSection("none"));
        builder.Services.AddHealthChecks().AddCheck<MfpClipHealthCheck>("mfpclip");
        using var host = builder.Build();
        await host.StartAsync();
        await WhenLoaded(host);
        Assert.DoesNotContain("counted-line", lines);

        host.Services.GetRequiredKeyedService<IZeroShotDetector>("counted-line").Detect(Picture(3));

        Assert.Single(lines, "counted-line");
        await host.StopAsync();
    }

    private static IHost Host(string section, Action<MfpClipOptions>? configure = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddJsonStream(Stream($$"""{ "MfpClip": {{section}} }"""));
        builder.Services.AddMfpClip(builder.Configuration.GetSection("MfpClip"), configure);
        builder.Services.AddHealthChecks().AddCheck<MfpClipHealthCheck>("mfpclip");
        return builder.Build();
    }

    private static MemoryStream Stream(string json) => new(Encoding.UTF8.GetBytes(json));

    private static async Task<HealthReportEntry> Check(IHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["mfpclip"];

    private static async Task<HealthReportEntry> WhenLoaded(IHost host)
    {
        var health = await Check(host);
        while (health.Data.Any(d => d.Key.EndsWith("state", StringComparison.Ordinal) && Equals(d.Value, "loading")))
        {
            await Task.Delay(20);
            health = await Check(host);
        }

        return health;
    }

    private static RgbImage Picture(int seed)
    {
        var bytes = new byte[64 * 64 * 3];
        new Random(seed).NextBytes(bytes);
        return new(64, 64, bytes);
    }
}
