using MfpClip.Imaging;

namespace MfpClip.Training.Data;

/// <summary>The batches of an epoch in an order that follows from seed and epoch alone, decoded ahead by several workers.</summary>
internal sealed class BatchLoader(SampleSource samples, int count, TrainingRecipe recipe, int workers)
{
    /// <summary>Steps of an epoch; the last batch may be smaller.</summary>
    public int StepsPerEpoch { get; } = (count + recipe.BatchSize - 1) / recipe.BatchSize;

    /// <summary>Indices of an epoch in order.</summary>
    public int[] Order(int epoch) => StepRandom.At(recipe.Seed, 1, epoch).Permutation(count);

    /// <summary>The batches from a step on. Each belongs to the loop's body; dispose scopes are the caller's.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="firstStep">Steps of the epoch that were done already.</param>
    /// <param name="cancellationToken">Stops the workers.</param>
    public IEnumerable<IReadOnlyList<PreparedSample>> Epoch(int epoch, int firstStep, CancellationToken cancellationToken)
    {
        int[] order = Order(epoch);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var free = new SemaphoreSlim(Math.Max(workers, 1));
        var ahead = new Queue<Task<PreparedSample>>();
        int next = firstStep * recipe.BatchSize;
        try
        {
            for (int step = firstStep; step < StepsPerEpoch; step++)
            {
                int size = Math.Min(recipe.BatchSize, count - (step * recipe.BatchSize));
                int wanted = Math.Max(size, workers == 0 ? size : size + (2 * workers));
                while (ahead.Count < wanted && next < count)
                {
                    ahead.Enqueue(Start(order[next], epoch, next, free, ending.Token));
                    next++;
                }

                // Unwrapped, so that an unreadable image is reported as what it is.
                yield return [.. Enumerable.Range(0, size).Select(_ => ahead.Dequeue().GetAwaiter().GetResult())];
            }
        }
        finally
        {
            ending.Cancel();
            foreach (var task in ahead)
            {
                ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
                _ = task.Exception; // seen: nobody asks for this image any more
            }
        }
    }

    /// <summary>Images as the method takes them: tensors in the caller's dispose scope, and a batch of images that the caller disposes.</summary>
    public TrainingBatch ToTensors(IReadOnlyList<PreparedSample> batch)
    {
        using var scope = torch.NewDisposeScope();
        var (width, height) = (batch[0].Pixels.Width, batch[0].Pixels.Height);
        var masks = batch.Select(s => torch.tensor(s.Mask ?? new byte[width * height], [height, width]));
        return new()
        {
            Images = ImageBatch.FromImages([.. batch.Select(s => s.Pixels)]),
            ClassNames = [.. batch.Select(s => s.ClassName)],
            Labels = torch.tensor(batch.Select(s => s.IsAnomalous ? 1f : 0f).ToArray()).MoveToOuterDisposeScope(),
            Masks = torch.stack(masks, 0).to_type(ScalarType.Float32).MoveToOuterDisposeScope(),
            HasMask = [.. batch.Select(s => s.Mask is not null)],
        };
    }

    private Task<PreparedSample> Start(int index, int epoch, int position, SemaphoreSlim free, CancellationToken cancellationToken)
    {
        if (workers == 0)
        {
            return Task.FromResult(samples.At(index, epoch, position));
        }

        return Task.Run(
            () =>
            {
                free.Wait(cancellationToken);
                try
                {
                    return samples.At(index, epoch, position);
                }
                finally
                {
                    free.Release();
                }
            },
            cancellationToken);
    }
}
