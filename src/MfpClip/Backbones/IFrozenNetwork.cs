namespace MfpClip.Backbones;

/// <summary>A capability of a backbone or CNN: showing the tensors training must not change. Those that do not offer it cannot be checked.</summary>
public interface IFrozenNetwork
{
    /// <summary>The tensors by name; they stay the network's own.</summary>
    IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights { get; }
}
