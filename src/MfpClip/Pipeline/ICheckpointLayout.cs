using MfpClip.Backbones;
using MfpClip.Modules;
using MfpClip.Weights;

namespace MfpClip.Pipeline;

/// <summary>A checkpoint of trained modules as a method's authors publish it: how to know it and where its tensors go.</summary>
public interface ICheckpointLayout
{
    /// <summary>Name, for messages.</summary>
    string Name { get; }

    /// <summary>Whether a file is one of these, by its tensors.</summary>
    bool Matches(IReadOnlyDictionary<string, WeightTensorInfo> tensors);

    /// <summary>The name of a tensor in this library, for example <c>mpfa.linear1.weight</c>; <see langword="null"/>: it is ignored.</summary>
    string? Rename(string name);

    /// <summary>Checks beyond names and shapes, for example that a backbone's stored parts are this backbone's.</summary>
    /// <exception cref="WeightsException">The file does not belong to this composition.</exception>
    void Check(IWeightFile file, CheckpointTarget target)
    {
    }
}

/// <summary>What a checkpoint is loaded into.</summary>
/// <param name="Backbone">The frozen towers.</param>
/// <param name="Modules">Modules that may hold trained tensors, by the prefix of their names.</param>
public sealed record CheckpointTarget(IClipBackbone Backbone, IReadOnlyDictionary<string, IDetectorModule> Modules);
