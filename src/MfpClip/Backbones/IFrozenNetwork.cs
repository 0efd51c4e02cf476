namespace MfpClip.Backbones;

/// <summary>A backbone or CNN that shows the tensors training must not change. Those that do not implement it cannot be checked.</summary>
public interface IFrozenNetwork
{
    /// <summary>The tensors by name; they stay the network's own.</summary>
    IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights { get; }
}
