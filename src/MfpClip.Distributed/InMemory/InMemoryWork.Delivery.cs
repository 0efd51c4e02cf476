namespace MfpClip.Distributed;

/// <content>A message of the queue, and one delivery of it.</content>
public sealed partial class InMemoryWork
{
    // An answer counts for the delivery that is open: one that came too late changes nothing.
    private Task Answer(Message message, int attempt, Action<DateTimeOffset> answer)
    {
        lock (_gate)
        {
            if (_delivered.ContainsKey(message.Number) && message.Attempts == attempt)
            {
                answer(_time.GetUtcNow());
            }
        }

        return Task.CompletedTask;
    }

    private void End(Message message)
    {
        _delivered.Remove(message.Number);
        if (!_keepsJobs)
        {
            _ids.Remove(message.Id);
        }
    }

    private sealed class Message(long number, WorkItem? item, string id, string route, string? fault, string? traceParent)
    {
        public long Number => number;

        public WorkItem? Item => item;

        public string Id => id;

        public string Route => route;

        public string? Fault => fault;

        public string? TraceParent => traceParent;

        public int Attempts { get; set; }

        public DateTimeOffset Due { get; set; }
    }

    private sealed class Delivery(InMemoryWork work, Message message, int attempt) : IWorkDelivery
    {
        public WorkItem? Item => message.Item;

        public string? Fault => message.Fault;

        public string Id => message.Id;

        public int Attempt => attempt;

        public string? TraceParent => message.TraceParent;

        public Task CompleteAsync(CancellationToken cancellationToken = default) => work.Answer(message, attempt, _ => work.End(message));

        public Task RejectAsync(CancellationToken cancellationToken = default) => CompleteAsync(cancellationToken);

        public Task ReportProgressAsync(CancellationToken cancellationToken = default) =>
            work.Answer(message, attempt, now => message.Due = now + work.AckWait);

        public Task RetryAsync(TimeSpan delay, CancellationToken cancellationToken = default) => work.Answer(message, attempt, now =>
        {
            work._delivered.Remove(message.Number);
            message.Due = now + delay;
            work._waiting.AddFirst(message);
        });
    }
}
