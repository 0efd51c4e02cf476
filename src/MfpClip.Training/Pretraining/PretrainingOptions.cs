using MfpClip.Backbones.Hybrid;

namespace MfpClip.Training.Pretraining;

/// <summary>How a small CLIP and its MFP-CLIP modules are made from images with captions. Immutable.</summary>
public sealed record PretrainingOptions
{
    /// <summary>Folder for the feature cache, checkpoints, the log and the result.</summary>
    public required string Folder { get; init; }

    /// <summary>EfficientNet-Lite0 as safetensors (catalogue model <c>efficientnet-lite0</c>).</summary>
    public required string CnnPath { get; init; }

    /// <summary>Sizes and switches of the model.</summary>
    public HybridConfig Model { get; init; } = new();

    /// <summary>Images that are trained on.</summary>
    public int Images { get; init; } = 5000;

    /// <summary>Images of held-out categories by which it is validated.</summary>
    public int ValidationImages { get; init; } = 400;

    /// <summary>Passes over the images. A run that goes on may have another number: the schedule is then that of the new one.</summary>
    public int Epochs { get; init; } = 3;

    /// <summary>Images of one step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Peak of the one-cycle schedule.</summary>
    public double LearningRate { get; init; } = 1.5e-3;

    /// <summary>Weight decay of AdamW.</summary>
    public double WeightDecay { get; init; } = 0.02;

    /// <summary>Decay of the average of the weights, which is the result.</summary>
    public double AverageDecay { get; init; } = 0.995;

    /// <summary>Seed of images, initial weights, order and sentences.</summary>
    public long Seed { get; init; }

    /// <summary>Where it is computed.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Threads; <see langword="null"/>: libtorch's own choice.</summary>
    public int? Threads { get; init; }

    /// <summary>Steps between checkpoints, from which a later run goes on.</summary>
    public int CheckpointSteps { get; init; } = 100;

    /// <summary>Fraction of steps in which a module (I2TP, SP) is left out, so that each can be switched off later.</summary>
    public double ModuleDropout { get; init; } = 0.5;

    /// <summary>Fraction of steps that see a window of their images, three fifths to all of a side, instead of the whole.</summary>
    /// <value>Default 0.5.</value>
    public double WindowFraction { get; init; } = 0.5;

    /// <summary>Fraction of steps in which images swap their looks (mean and deviation of every channel of the features), 0 to 1.</summary>
    /// <value>Default 0.5.</value>
    public double StyleMixing { get; init; } = 0.5;

    /// <summary>Fraction of channels of the features that are left out of an image, 0 to 1.</summary>
    /// <value>Default 0.1.</value>
    public double ChannelDropout { get; init; } = 0.1;

    /// <summary>Probability that the object's name is replaced: by "object", or by words drawn at random, so that unknown names do no harm.</summary>
    public double NameDropout { get; init; } = 0.5;
}
