using System.Runtime.CompilerServices;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace MfpClip.Distributed;

/// <content>What is stored on the server: jobs in order, and how much work there is.</content>
public sealed partial class NatsWork
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> GetJobsAsync(DetectorFingerprint detector, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        var jobs = new List<(string Job, ulong Last)>();
        foreach (string subject in (await SubjectsAsync(_names.WorkOf(detector.Route), cancellationToken).ConfigureAwait(false)).Keys)
        {
            if (await GetAsync(_names.WorkStream, new() { LastBySubj = subject }, cancellationToken).ConfigureAwait(false) is { } last)
            {
                jobs.Add((NatsNames.Parts(subject).Job, last.Seq));
            }
        }

        return [.. jobs.OrderBy(j => j.Last).Select(j => j.Job)];
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WorkItem> ReadJobAsync(
        DetectorFingerprint detector, string job, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        long next = 0;
        await foreach (var message in ReadAsync(_names.WorkStream, _names.Work(detector.Route, job), cancellationToken).ConfigureAwait(false))
        {
            // A place that was submitted again after the window of duplicates is there twice.
            if (WorkJson.ReadItem(message.Data.Span).Item is { } item && item.Index >= next)
            {
                next = item.Index + 1;
                yield return item;
            }
        }
    }

    /// <inheritdoc/>
    public async Task<WorkStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        var submitted = (await SubjectsAsync(_names.AllWork, cancellationToken).ConfigureAwait(false))
            .GroupBy(s => NatsNames.Parts(s.Key).Route).ToDictionary(g => g.Key, g => g.Sum(s => s.Value), StringComparer.Ordinal);
        return await _call.RunAsync("The status cannot be read", async token =>
        {
            var consumers = new Dictionary<string, ConsumerInfo>(StringComparer.Ordinal);
            await foreach (var consumer in _stream.ListConsumersAsync(_names.WorkStream, token).ConfigureAwait(false))
            {
                consumers[consumer.Info.Name] = consumer.Info;
            }

            var results = await _stream.GetStreamAsync($"KV_{_names.Results}", cancellationToken: token).ConfigureAwait(false);
            var dead = await _stream.GetStreamAsync(_names.DeadStream, cancellationToken: token).ConfigureAwait(false);
            return new WorkStatus
            {
                Results = results.Info.State.Messages, Dead = dead.Info.State.Messages,
                Detectors =
                [
                    .. submitted.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => consumers.TryGetValue(_names.Consumer(s.Key), out var c)
                        ? new DetectorWork(s.Key, s.Value, (long)c.NumPending, c.NumAckPending, c.NumRedelivered, HasWorkers: true)
                        : new DetectorWork(s.Key, s.Value, s.Value, 0, 0, HasWorkers: false)),
                ],
            };
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyDictionary<string, long>> SubjectsAsync(string filter, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, long>(StringComparer.Ordinal);
        return await _call.RunAsync<IReadOnlyDictionary<string, long>>("Jobs cannot be listed", async token =>
        {
            var stream = await _stream.GetStreamAsync(_names.WorkStream, new() { SubjectsFilter = filter }, token).ConfigureAwait(false);
            foreach (var (subject, count) in stream.Info.State.Subjects ?? new Dictionary<string, long>())
            {
                all[subject] = count;
            }

            return all;
        }, cancellationToken).ConfigureAwait(false);
    }

    private async IAsyncEnumerable<StoredMessage> ReadAsync(
        string stream, string subject, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (ulong next = 1; await GetAsync(stream, new() { Seq = next, NextBySubj = subject }, cancellationToken).ConfigureAwait(false) is { } message;)
        {
            yield return message;
            next = message.Seq + 1;
        }
    }

    // One message; null where there is none.
    private Task<StoredMessage?> GetAsync(string stream, StreamMsgGetRequest request, CancellationToken cancellationToken) =>
        _call.RunAsync("A message cannot be read", async token =>
        {
            try
            {
                var answer = await _stream.JSRequestResponseAsync<StreamMsgGetRequest, StreamMsgGetResponse>(
                    $"{_stream.Opts.Prefix}.STREAM.MSG.GET.{stream}", request, token).ConfigureAwait(false);
                return new StoredMessage(answer.Message.Seq, answer.Message.Data);
            }
            catch (NatsJSApiException e) when (e.Error.ErrCode == NatsCall.NoMessage)
            {
                return null;
            }
        }, cancellationToken);

    private sealed record StoredMessage(ulong Seq, ReadOnlyMemory<byte> Data);
}
