using MfpClip.Imaging;
using MfpClip.Objectives;
using MfpClip.Parallelism;

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
        int first = firstStep * recipe.BatchSize;
        return OrderedAhead.Select(count - first, i => samples.At(order[first + i], epoch, first + i), 2 * workers, workers, cancellationToken)
            .Chunk(recipe.BatchSize);
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
}
