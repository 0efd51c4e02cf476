using System.Diagnostics;
using MfpClip.Data;
using MfpClip.Parallelism;

namespace MfpClip.Evaluation;

/// <summary>Decodes images and masks in parallel while the model works, no more than two batches and a core's worth ahead.</summary>
internal static class DecodeAhead
{
    /// <summary>Batches in the order of the samples. A sample that cannot be read comes with its error instead.</summary>
    public static IEnumerable<IReadOnlyList<(LoadedSample? Sample, DataSetException? Error, TimeSpan Decode)>> Batches(
        IReadOnlyList<AnomalySample> samples, SampleReader reader, int batchSize, CancellationToken cancellationToken)
    {
        int ahead = batchSize + ThreadLimit.Count;
        return OrderedAhead.Select(samples.Count, i => Load(reader, samples[i]), ahead, workers: ahead, cancellationToken).Chunk(batchSize);
    }

    private static (LoadedSample? Sample, DataSetException? Error, TimeSpan Decode) Load(SampleReader reader, AnomalySample sample)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            var loaded = reader.Load(sample);
            return (loaded, null, Stopwatch.GetElapsedTime(start));
        }
        catch (DataSetException e) when (e.Fault == DataSetFault.UnreadableImage)
        {
            return (null, e, Stopwatch.GetElapsedTime(start));
        }
    }
}
