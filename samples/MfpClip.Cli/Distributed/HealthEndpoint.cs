using System.Net;
using System.Text.Json;
using MfpClip.Distributed;
using MfpClip.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MfpClip.Cli.Distributed;

/// <summary>The worker's health for orchestrators: 200 where it takes work or will in a moment, 503 where the process should be replaced.</summary>
internal sealed class HealthEndpoint : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly DetectionWorker _worker;
    private readonly TimeSpan _patience;

    public HealthEndpoint(int port, DetectionWorker worker, TimeSpan patience)
    {
        (_worker, _patience) = (worker, patience);
        _listener.Prefixes.Add($"http://*:{port}/");
        try
        {
            _listener.Start();
        }
        catch (HttpListenerException e)
        {
            throw new WorkException($"The health endpoint cannot listen on port {port} ({e.Message}). Choose another one with --health-port.", e);
        }

        _ = AnswerAsync();
    }

    public void Dispose() => _listener.Close();

    private async Task AnswerAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                var health = MfpClipWorkerHealthCheck.Of(_worker.State, HealthStatus.Unhealthy, _patience);
                context.Response.StatusCode = health.Status == HealthStatus.Unhealthy ? 503 : 200;
                context.Response.ContentType = "application/json";
                byte[] body = JsonSerializer.SerializeToUtf8Bytes(new { status = $"{health.Status}", health.Description, health.Data }, CliJson.Options);
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
            {
                // The caller went away, or the worker ended.
            }
        }
    }
}
