using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace MfpClip.Web.Tests;

/// <summary>The sample as a process of its own, on a free port of this machine, with Kestrel and its limits.</summary>
public sealed partial class RunningService : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private RunningService(Process process) => _process = process;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>For requests.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>Starts it and waits until its detector is ready.</summary>
    /// <param name="settings">Settings as "Section:Key".</param>
    public static async Task<RunningService> StartAsync(params (string Key, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(), // the service must not need the folder it is started in
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "MfpClip.AspNet.dll"));
        foreach (var (key, value) in settings.Prepend(("urls", "http://127.0.0.1:0")))
        {
            start.ArgumentList.Add($"--{key}={value}");
        }

        var service = new RunningService(Process.Start(start)!);
        try
        {
            await service.WaitAsync();
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WaitAsync()
    {
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, e) =>
        {
            _output.Enqueue(e.Data ?? string.Empty);
            if (Listening().Match(e.Data ?? string.Empty) is { Success: true } match)
            {
                listening.TrySetResult(new(match.Groups[1].Value));
            }
        };
        _process.ErrorDataReceived += (_, e) => _output.Enqueue(e.Data ?? string.Empty);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Task.WhenAny(listening.Task, _process.WaitForExitAsync(), Task.Delay(Patience));
        Address = listening.Task.IsCompletedSuccessfully ? listening.Task.Result
            : throw new InvalidOperationException($"The service did not start:\n{string.Join('\n', _output)}");
        Client = new(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(20) }) { BaseAddress = Address, Timeout = Patience };
        for (var waited = Stopwatch.StartNew(); !(await Client.GetAsync("/health")).IsSuccessStatusCode;)
        {
            Assert.True(waited.Elapsed < Patience && !_process.HasExited, $"The detector did not get ready:\n{string.Join('\n', _output)}");
            await Task.Delay(200);
        }
    }

    [GeneratedRegex(@"Now listening on: (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}

/// <summary>One service with the settings of the sample, for all tests of a class.</summary>
public sealed class DefaultService : IAsyncLifetime
{
    public RunningService Service { get; private set; } = null!;

    public async Task InitializeAsync() => Service = await RunningService.StartAsync();

    public async Task DisposeAsync()
    {
        if (Service is not null)
        {
            await Service.DisposeAsync();
        }
    }
}
