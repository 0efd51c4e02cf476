using System.Diagnostics;
using MfpClip.Data;

namespace MfpClip.Evaluation;

/// <summary>Decodes images and masks in parallel while the model works, no more than two batches and a core's worth ahead.</summary>
internal static class DecodeAhead
{
    /// <summary>Batches in the order of the samples.</summary>
    public static IEnumerable<IReadOnlyList<(LoadedSample Sample, TimeSpan Decode)>> Batches(
        IReadOnlyList<AnomalySample> samples, SampleReader reader, int batchSize, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new Queue<Task<(LoadedSample, TimeSpan)>>();
        int next = 0, ahead = (2 * batchSize) + Environment.ProcessorCount;
        try
        {
            while (true)
            {
                for (; next < samples.Count && running.Count < ahead; next++)
                {
                    var sample = samples[next];
                    running.Enqueue(Task.Run(() => Load(reader, sample), ending.Token));
                }

                if (running.Count == 0)
                {
                    yield break;
                }

                cancellationToken.ThrowIfCancellationRequested();
                var batch = new List<(LoadedSample, TimeSpan)>(batchSize);
                while (batch.Count < batchSize && running.TryDequeue(out var task))
                {
                    batch.Add(task.GetAwaiter().GetResult());
                }

                yield return batch;
            }
        }
        finally
        {
            ending.Cancel();
            Settle(running);
        }
    }

    private static (LoadedSample Sample, TimeSpan Decode) Load(SampleReader reader, AnomalySample sample)
    {
        long start = Stopwatch.GetTimestamp();
        var loaded = reader.Load(sample);
        return (loaded, Stopwatch.GetElapsedTime(start));
    }

    // The first error has been thrown; the others must not be left unobserved.
    private static void Settle(IEnumerable<Task> tasks)
    {
        try
        {
            Task.WaitAll([.. tasks]);
        }
        catch (AggregateException)
        {
        }
    }
}
