using System.Collections.Concurrent;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using NATS.Client.KeyValueStore;

namespace MfpClip.Distributed;

/// <summary>
/// Work over NATS JetStream: a stream of work with a durable pull consumer for each detector, results written once in the key-value store, and a stream of
/// reasons for what was given up.
/// </summary>
/// <remarks>
/// The stream keeps work after it is done, so that a job can be read in the order submitted. A server of version 2.9 is enough. See docs/scale-out.md.
/// </remarks>
public sealed partial class NatsWork : IWorkQueue, IWorkSource, IResultSink, IAsyncDisposable
{
    private readonly NatsWorkOptions _options;
    private readonly NatsConnection _connection;
    private readonly NatsJSContext _stream;
    private readonly NatsNames _names;
    private readonly NatsCall _call;
    private readonly ConcurrentDictionary<string, INatsJSConsumer> _consumers = new(StringComparer.Ordinal);
    private INatsKVStore _results = null!;

    private NatsWork(NatsWorkOptions options)
    {
        (_options, _names, _call) = (options, new(options.Prefix), new(options));
        _connection = new(options.ToClient());
        _stream = new(_connection);
    }

    /// <inheritdoc/>
    public TimeSpan AckWait => _options.AckWait;

    /// <summary>Whether the connection is open now; it is opened again by itself.</summary>
    public bool IsConnected => _connection.ConnectionState == NatsConnectionState.Open;

    /// <summary>Connects, and makes streams and bucket where they are absent.</summary>
    /// <param name="options">Server and names.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="WorkException">Options are not valid, the server cannot be reached, or it has no JetStream.</exception>
    public static async Task<NatsWork> ConnectAsync(NatsWorkOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Faults() is { Count: > 0 } faults)
        {
            throw new WorkException($"The options of NATS cannot be used: {string.Join(" | ", faults)}.");
        }

        var work = new NatsWork(options);
        try
        {
            await work.OpenAsync(cancellationToken).ConfigureAwait(false);
            return work;
        }
        catch
        {
            await work.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes the connection.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <inheritdoc/>
    public Task<bool> SubmitAsync(WorkItem item, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        WorkChecks.ThrowIfInvalid(item);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(item, WorkJson.Readable.WorkItem);
        return PublishAsync(_names.Work(item.Detector.Route, item.Job), item.Id, bytes, cancellationToken);
    }

    /// <summary>Puts in bytes as any other program could.</summary>
    internal Task<bool> PublishAsync(DetectorFingerprint detector, string job, string id, byte[] bytes, CancellationToken cancellationToken = default) =>
        PublishAsync(_names.Work(detector.Route, job), id, bytes, cancellationToken);

    private Task<bool> PublishAsync(string subject, string id, byte[] bytes, CancellationToken cancellationToken)
    {
        string? trace = WorkTelemetry.CurrentTraceParent;
        return _call.RunAsync($"Work '{id}' cannot be submitted", async token =>
        {
            var answer = await _stream.PublishAsync(subject, bytes, opts: new() { MsgId = id },
                headers: trace is null ? null : new() { [WorkTelemetry.TraceParentHeader] = trace }, cancellationToken: token).ConfigureAwait(false);
            return answer.Error is { } error ? throw new NatsJSApiException(error) : !answer.Duplicate;
        }, cancellationToken);
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        await _call.RunAsync("The connection cannot be opened", async token =>
        {
            await _connection.ConnectAsync().AsTask().WaitAsync(token).ConfigureAwait(false);
            var keep = _options.KeepFor ?? TimeSpan.Zero;
            await _stream.CreateOrUpdateStreamAsync(
                new(_names.WorkStream, [_names.AllWork])
                {
                    DuplicateWindow = _options.DuplicateWindow, MaxAge = keep, NumReplicas = _options.Replicas, AllowDirect = true,
                }, token).ConfigureAwait(false);
            await _stream.CreateOrUpdateStreamAsync(
                new(_names.DeadStream, [_names.AllDead]) { MaxAge = keep, NumReplicas = _options.Replicas, MaxMsgsPerSubject = 1 }, token)
                .ConfigureAwait(false);
            _results = await new NatsKVContext(_stream).CreateOrUpdateStoreAsync(
                new(_names.Results) { History = 1, MaxAge = keep, NumberOfReplicas = _options.Replicas }, token).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }
}
