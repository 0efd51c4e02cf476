using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;

namespace MfpClip.Pipeline;

/// <summary>What one pipeline of modules is made of. Owns nothing: the detector disposes the parts.</summary>
public sealed record PipelineParts
{
    /// <summary>Frozen towers.</summary>
    public required IClipBackbone Backbone { get; init; }

    /// <summary>Frozen CNN; <see langword="null"/> where no module reads its features.</summary>
    public ICnnFeatureExtractor? Cnn { get; init; }

    /// <summary>I2TP.</summary>
    public required IImageToTextPrompt ImageToText { get; init; }

    /// <summary>SP.</summary>
    public required ISelfPrompt Self { get; init; }

    /// <summary>How the vision tower is run and read.</summary>
    public IVisionEncoder Vision { get; init; } = new StagedVisionEncoder();

    /// <summary>MPFA.</summary>
    public required IPatchAggregator MultiPatch { get; init; }

    /// <summary>MP.</summary>
    public required IMaskPrompt Mask { get; init; }

    /// <summary>From features and texts to a map.</summary>
    public required IAnomalyMapGenerator Map { get; init; }

    /// <summary>From class token and map to a score.</summary>
    public required IAnomalyScorer Score { get; init; }

    /// <summary>The cut of the vision tower.</summary>
    public required StagePlan Stages { get; init; }

    /// <summary>What of an image is read before it is prompted.</summary>
    public ImageSources Reads => ImageToText.Reads | Self.Reads | Vision.Reads;

    /// <summary>Whether the pipeline reads CNN features.</summary>
    public bool ReadsCnn => Reads.HasFlag(ImageSources.CnnFeatures);

    /// <summary>Modules by the id of their slot, in the order in which an image passes through them, without backbone and CNN.</summary>
    public IEnumerable<KeyValuePair<string, IDetectorModule>> Slots =>
    [
        new("image_to_text", ImageToText), new("self_prompt", Self), new("vision_encoder", Vision), new("multi_patch", MultiPatch),
        new("anomaly_map", Map), new("mask_prompt", Mask), new("anomaly_score", Score),
    ];

    /// <summary>The modules of <see cref="Slots"/>.</summary>
    public IEnumerable<IDetectorModule> Modules => Slots.Select(s => s.Value);

    /// <summary>Modules that may hold trained tensors, by their prefix in checkpoints, for <see cref="ModuleCheckpoint"/>.</summary>
    internal IEnumerable<KeyValuePair<string, IDetectorModule>> Checkpointed =>
    [
        new(Prefix(ImageToText, "i2tp"), ImageToText),
        new(Prefix(Self, "sp"), Self),
        new(Prefix(Vision, "vision"), Vision),
        new(Prefix(MultiPatch, "mpfa"), MultiPatch),
        new(Prefix(Mask, "mp"), Mask),
        new(Prefix(Map, "map"), Map),
        new(Prefix(Score, "score"), Score),
    ];

    /// <summary>Trained tensors of all modules under their full names, for example <c>mpfa.linear1.weight</c>; they stay the modules'.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> TrainedWeights => ModuleCheckpoint.Collect(Checkpointed);

    /// <summary>Every fault of the composition.</summary>
    internal IEnumerable<string> Faults()
    {
        if (ReadsCnn && Cnn is null)
        {
            yield return "I2TP, SP or the vision encoder reads CNN features, but there is no CNN; add one or switch off what reads it.";
        }

        if (Self.Stages.Any(s => s < 1 || s > Stages.Count))
        {
            yield return $"SP prompts the stages {string.Join(", ", Self.Stages)}, but the tower is cut into {Stages.Count}.";
        }

        if (Self.Stages.Count > 0 && !Vision.TakesSelfPrompts)
        {
            yield return $"The vision encoder '{Vision.Describe().Component}' takes no self prompts: call WithoutSelfPrompt, or use another encoder.";
        }

        foreach (string fault in Vision.Faults(Backbone.Vision))
        {
            yield return fault;
        }

        if (Stages.Count == 0 || Stages.Taps[^1] > Backbone.Vision.Layers)
        {
            yield return $"The stages end after blocks {string.Join(", ", Stages.Taps)}, but the vision tower has {Backbone.Vision.Layers}.";
        }
    }

    private static string Prefix(IDetectorModule module, string slot) => module.GetService<ICheckpointedModule>()?.CheckpointPrefix ?? slot;
}
