namespace MfpClip.Modules;

/// <summary>
/// A capability of modules with a name of their own in checkpoints. Modules without it are stored under the name of the place they stand in,
/// and are never given the weights of a bundled model.
/// </summary>
public interface ICheckpointedModule
{
    /// <summary>Name of the module in checkpoints, for example <c>sp</c> in <c>sp.stage1.adapter1.weight</c>.</summary>
    string CheckpointPrefix { get; }
}
