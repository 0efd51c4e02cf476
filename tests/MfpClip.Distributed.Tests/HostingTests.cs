using MfpClip.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MfpClip.Distributed.Tests;

/// <summary>A worker in any host.</summary>
public sealed class HostingTests : IDisposable
{
    private readonly Photos _photos = new();

    public void Dispose() => _photos.Dispose();

    [Fact]
    public async Task A_host_detects_what_is_submitted_and_ends_with_the_work_in_hand()
    {
        var work = new InMemoryWork();
        using var host = Build(work, o => o.Images = new() { Roots = [_photos.Folder] });
        var health = host.Services.GetRequiredService<MfpClipWorkerHealthCheck>();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(new())).Status);
        await host.StartAsync();
        var items = Enumerable.Range(0, 10).Select(i => Photos.Item(_photos.Write(i), i)).ToList();
        foreach (var item in items)
        {
            await work.SubmitAsync(item);
        }

        var outcomes = await DetectionJob.CollectAsync(work, items.ToAsyncEnumerable(), wait: true).ToListAsync();

        Assert.All(outcomes, o => Assert.NotNull(o.Result));
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(new())).Status);
        await host.StopAsync();
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync(new())).Status);
    }

    [Fact]
    public async Task Options_that_are_not_valid_stop_the_host_at_its_start_with_every_fault()
    {
        using var host = Build(new(), o =>
        {
            o.Nats = new() { Url = "http://host", Prefix = "a.b", AckWait = default };
            o.Worker = new() { MaximumHeld = 0 };
        });

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        string[] faults = ["Nats: Url", "Nats: Prefix", "Nats: AckWait", "Worker: MaximumHeld", "may read no image"];
        Assert.All(faults, f => Assert.Contains(f, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_section_of_configuration_sets_every_part()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:MaximumHeld"] = "7", ["Images:Roots:0"] = _photos.Folder, ["Nats:Url"] = "tls://queue:4222", ["Nats:AckWait"] = "00:01:00",
        }).Build();
        var services = new ServiceCollection().AddMfpClipWorker(section);
        using var provider = services.BuildServiceProvider();

        var options = provider.GetRequiredService<IOptions<MfpClipWorkerOptions>>().Value;

        Assert.Equal((7, "tls://queue:4222", 60), (options.Worker.MaximumHeld, options.Nats!.Url, options.Nats.AckWait.TotalSeconds));
        Assert.Equal([_photos.Folder], options.Images.Roots);
    }

    [Fact]
    public async Task A_server_that_is_away_makes_the_worker_unhealthy_and_no_secret_is_logged()
    {
        var log = new List<string>();
        using var host = Build(new(), o =>
        {
            o.Images = new() { Roots = [_photos.Folder] };
            o.Nats = new() { Url = "nats://someone:hush@127.0.0.1:1", Timeout = TimeSpan.FromSeconds(1) };
        }, log);
        await host.StartAsync();
        var health = host.Services.GetRequiredService<MfpClipWorkerHealthCheck>();

        HealthCheckResult result;
        do
        {
            await Task.Delay(50);
            result = await health.CheckHealthAsync(new());
        }
        while (!result.Description!.Contains("127.0.0.1", StringComparison.Ordinal));
        await host.StopAsync();

        Assert.Equal(HealthStatus.Unhealthy, result.Status);
        Assert.NotEmpty(log);
        Assert.DoesNotContain(log.Append(result.Description), l => l.Contains("hush", StringComparison.Ordinal));
    }

    [Fact]
    public void Health_tells_a_moment_from_an_outage_and_a_worker_that_hangs()
    {
        var state = new WorkerState
        {
            Worker = "w", IsRunning = true, Held = 1, OldestHeld = default, IsStuck = false, Completed = 1, Duplicates = 0, Dead = 0, Retried = 0,
        };
        var patience = TimeSpan.FromSeconds(30);
        HealthStatus Of(WorkerState s) => MfpClipWorkerHealthCheck.Of(s, HealthStatus.Unhealthy, patience).Status;

        Assert.Equal(HealthStatus.Healthy, Of(state));
        Assert.Equal(HealthStatus.Degraded, Of(state with { Fault = "away", FaultSince = DateTimeOffset.UtcNow }));
        Assert.Equal(HealthStatus.Unhealthy, Of(state with { Fault = "away", FaultSince = DateTimeOffset.UtcNow.AddMinutes(-1) }));
        Assert.Equal(HealthStatus.Unhealthy, Of(state with { IsStuck = true }));
        Assert.Equal(HealthStatus.Unhealthy, Of(state with { IsRunning = false }));
    }

    private static IHost Build(InMemoryWork work, Action<MfpClipWorkerOptions> configure, List<string>? log = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddSingleton<IZeroShotDetector>(new BrightnessDetector());
        builder.Services.AddSingleton<IWorkSource>(work).AddSingleton<IResultSink>(work).AddSingleton<IWorkQueue>(work);
        builder.Services.AddMfpClipWorker(configure);
        if (log is not null)
        {
            builder.Services.AddLogging(l => l.AddProvider(new ListLogger(log)).SetMinimumLevel(LogLevel.Trace));
        }

        return builder.Build();
    }

    private sealed class ListLogger(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add($"{formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }
}
