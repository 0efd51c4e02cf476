using System.Runtime.CompilerServices;
using System.Text.Json;
using NATS.Client.JetStream;
using NATS.Client.KeyValueStore;

namespace MfpClip.Distributed;

/// <content>Results in the key-value store and reasons in a stream, each written once.</content>
public sealed partial class NatsWork
{
    /// <inheritdoc/>
    public Task<bool> CreateAsync(WorkResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        byte[] bytes = WorkJson.Write(result);
        return _call.RunAsync($"Result '{result.Key}' cannot be stored", async token =>
        {
            try
            {
                await _results.CreateAsync(result.Key, bytes, cancellationToken: token).ConfigureAwait(false);
                return true;
            }
            catch (NatsKVCreateException)
            {
                return false; // also where an earlier attempt stored it and its answer was lost
            }
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellationToken = default) =>
        await BytesAsync(key, cancellationToken).ConfigureAwait(false) is not null;

    /// <inheritdoc/>
    public async Task<WorkResult?> ReadAsync(string key, CancellationToken cancellationToken = default) =>
        await BytesAsync(key, cancellationToken).ConfigureAwait(false) is { } bytes ? WorkJson.Read(bytes, WorkJson.Readable.WorkResult, key) : null;

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ReadKeysAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (string key in _results.GetKeysAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            yield return key;
        }
    }

    /// <inheritdoc/>
    public Task<bool> AddDeadAsync(DeadItem dead, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dead);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(dead, WorkJson.Readable.DeadItem);
        return _call.RunAsync($"The reason for '{dead.Id}' cannot be stored", async token =>
        {
            var answer = await _stream.PublishAsync(
                _names.Dead(dead.Id), bytes, opts: new() { ExpectedLastSubjectSequence = 0 }, cancellationToken: token).ConfigureAwait(false);
            return answer.Error is not { } error || (error.ErrCode == NatsCall.WrongLastSequence ? false : throw new NatsJSApiException(error));
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<DeadItem?> ReadDeadAsync(string id, CancellationToken cancellationToken = default) =>
        await GetAsync(_names.DeadStream, new() { LastBySubj = _names.Dead(id) }, cancellationToken).ConfigureAwait(false) is { } message
            ? WorkJson.Read(message.Data.Span, WorkJson.Readable.DeadItem, id) : null;

    /// <inheritdoc/>
    public async IAsyncEnumerable<DeadItem> ReadAllDeadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var message in ReadAsync(_names.DeadStream, _names.AllDead, cancellationToken).ConfigureAwait(false))
        {
            yield return WorkJson.Read(message.Data.Span, WorkJson.Readable.DeadItem, "reason");
        }
    }

    private Task<byte[]?> BytesAsync(string key, CancellationToken cancellationToken) => _call.RunAsync($"Result '{key}' cannot be read", async token =>
    {
        var entry = await _results.TryGetEntryAsync<byte[]>(key, cancellationToken: token).ConfigureAwait(false);
        return entry.Success ? entry.Value.Value
            : entry.Error is NatsKVKeyNotFoundException or NatsKVKeyDeletedException ? null : throw entry.Error;
    }, cancellationToken);
}
