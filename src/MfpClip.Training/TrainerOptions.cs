using System.ComponentModel.DataAnnotations;
using MfpClip.Objectives;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Training;

/// <summary>
/// Settings of a training except its recipe: nothing here changes what is learned, except <see cref="Modules"/> and <see cref="MaximumSteps"/>.
/// </summary>
public sealed record TrainerOptions
{
    /// <summary>Folder for checkpoint, trained modules, curves, events and manifest.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>The numbers of the training; <see langword="null"/>: the method's own.</summary>
    public TrainingRecipe? Recipe { get; init; }

    /// <summary>Goes on from the folder's checkpoint; starts from scratch where there is none. Without it a folder that holds a training is refused.</summary>
    public bool Resume { get; init; }

    /// <summary>
    /// Modules to train, by the first part of their weights' names (<c>i2tp</c>, <c>sp</c>, <c>mpfa</c>, <c>mp</c> ...); <see langword="null"/>: all. The
    /// others are frozen and checked as such.
    /// </summary>
    public IReadOnlyList<string>? Modules { get; init; }

    /// <summary>A checkpoint after so many steps too; <see langword="null"/>: after each epoch and on cancellation only.</summary>
    public int? CheckpointEverySteps { get; init; }

    /// <summary>Stops, resumably, after so many steps of the whole training; <see langword="null"/>: never.</summary>
    public long? MaximumSteps { get; init; }

    /// <summary>Threads that decode ahead; 0: none.</summary>
    /// <value>Default: the processors, at most 8.</value>
    [Range(0, 256)]
    public int Workers { get; init; } = Math.Min(ThreadLimit.Count, 8);

    /// <summary>Memory for decoded and resized images, bytes.</summary>
    /// <value>Default 2 GiB: about 2,000 images of 518 x 518 with masks.</value>
    public long ImageCacheBytes { get; init; } = 2L << 30;

    /// <summary>Folder that keeps features of the frozen networks, so that later epochs and runs need not compute them; <see langword="null"/>: none.</summary>
    public string? FeatureCacheFolder { get; init; }

    /// <summary>Disk space for those features, bytes.</summary>
    /// <value>Default 20 GiB.</value>
    public long FeatureCacheBytes { get; init; } = 20L << 30;

    /// <summary>
    /// Transformer blocks of the vision tower whose activations are computed once more on the backward pass instead of being kept: 1 needs
    /// the least memory and about a third more time; 0 keeps everything. Values are the same; gradients too, up to the rounding of sums in
    /// another order.
    /// </summary>
    /// <value>Default 1.</value>
    [Range(0, 1000)]
    public int RecomputedBlocks { get; init; } = 1;

    /// <summary>Whether loss curves are drawn (PNG) after each epoch.</summary>
    public bool DrawCurves { get; init; } = true;

    /// <summary>Whether TensorBoard event files are written.</summary>
    public bool WriteTensorBoard { get; init; } = true;

    /// <summary>Where the training logs.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    internal IEnumerable<string> Faults()
    {
        if (string.IsNullOrWhiteSpace(OutputFolder))
        {
            yield return "Training: the output folder has no name.";
        }

        if (CheckpointEverySteps < 1 || MaximumSteps < 1)
        {
            yield return $"Training: {nameof(CheckpointEverySteps)} and {nameof(MaximumSteps)} must be at least 1 where they are set.";
        }

        if (Workers is < 0 or > 256 || ImageCacheBytes < 0 || FeatureCacheBytes < 0 || RecomputedBlocks < 0)
        {
            yield return $"Training: {nameof(Workers)} must be from 0 to 256; byte limits and {nameof(RecomputedBlocks)} must not be negative.";
        }
    }
}
