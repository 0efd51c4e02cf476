using MfpClip.References;
using MfpClip.Tensors;

namespace MfpClip.Methods.WinClip;

/// <summary>
/// Features of normal products (WinCLIP+, section 4.3): what an image shows is abnormal as far as nothing in them is like it. Owns its tensors.
/// </summary>
internal sealed class WindowMemoryBank : IDisposable
{
    private readonly Tensor _patches;
    private readonly Dictionary<int, Tensor> _windows;

    /// <summary>Keeps the features of K references, normalised.</summary>
    public WindowMemoryBank(WindowEmbeddings references)
    {
        using var scope = torch.NewDisposeScope();
        Count = references.Image.shape[0];
        _patches = Flatten(references.Patches).DetachFromDisposeScope();
        _windows = references.Sets.Zip(references.Windows).ToDictionary(s => s.First.Scale, s => Flatten(s.Second).DetachFromDisposeScope());
    }

    /// <summary>Takes features that were stored.</summary>
    /// <param name="patches">Unit vectors <c>[M, D]</c>.</param>
    /// <param name="windows">Unit vectors of windows by scale.</param>
    /// <param name="count">K.</param>
    public WindowMemoryBank(Tensor patches, IReadOnlyDictionary<int, Tensor> windows, long count)
    {
        Count = count;
        _patches = patches.alias().DetachFromDisposeScope();
        _windows = windows.ToDictionary(w => w.Key, w => w.Value.alias().DetachFromDisposeScope());
    }

    /// <summary>K.</summary>
    public long Count { get; }

    /// <summary>Distance of each patch to its nearest reference patch, <c>[B, N]</c>, in [0,1].</summary>
    public Tensor AssociatePatches(Tensor patches) => Associate(patches, _patches);

    /// <summary>Distance of each window to its nearest reference window of the same scale, <c>[B, n]</c>.</summary>
    public Tensor AssociateWindows(int scale, Tensor windows) => Associate(windows, _windows[scale]);

    public void Dispose()
    {
        _patches.Dispose();
        foreach (var tensor in _windows.Values)
        {
            tensor.Dispose();
        }
    }

    private static Tensor Flatten(Tensor x) => UnitVectors.Normalize(x).flatten(0, 1); // [K N, D]

    // min over the memory of (1 - cos) / 2.
    private static Tensor Associate(Tensor x, Tensor memory)
    {
        using var scope = torch.NewDisposeScope();
        var distances = NearestNeighbours.Distances(Flatten(x), memory); // [B N]
        return (distances / 2).view(x.shape[0], x.shape[1]).MoveToOuterDisposeScope();
    }
}
