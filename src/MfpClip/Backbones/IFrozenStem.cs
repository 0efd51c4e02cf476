namespace MfpClip.Backbones;

/// <summary>
/// A capability of a vision tower: the part of its embedding that is another frozen network. Its maps can be computed before and given back,
/// shared between towers that stand on the same network, changed while the tower is trained, and compared between images.
/// </summary>
/// <remarks>Same rules of threads and ownership as <see cref="IVisionTower"/>. A wrapper that changes how images are embedded must not offer it.</remarks>
public interface IFrozenStem
{
    /// <summary>Hash of the frozen network's weights with every setting that its maps depend on.</summary>
    string Identity { get; }

    /// <summary>The maps in order.</summary>
    IReadOnlyList<StemMap> Maps { get; }

    /// <summary>Runs the frozen network, without gradients.</summary>
    /// <param name="images">Normalised as the backbone wants it, <c>[B, 3, H, W]</c>.</param>
    /// <returns>One tensor for each of <see cref="Maps"/>, float32 <c>[B, C, h, w]</c>.</returns>
    IReadOnlyList<Tensor> Extract(Tensor images);

    /// <summary>The rest of <see cref="IVisionTower.Embed"/>.</summary>
    /// <param name="maps">As <see cref="Extract"/> gives them.</param>
    /// <returns>Tokens <c>[B, 1 + N, D]</c>, class token first.</returns>
    Tensor Embed(IReadOnlyList<Tensor> maps);

    /// <summary>The maps that images can be compared by, each channel standardised by its fixed statistics.</summary>
    /// <param name="maps">As <see cref="Extract"/> gives them.</param>
    IReadOnlyList<Tensor> Standardize(IReadOnlyList<Tensor> maps);
}

/// <summary>One map of a frozen stem.</summary>
/// <param name="Name">Name, unlike those of the others.</param>
/// <param name="Channels">C.</param>
/// <param name="Stride">Pixels of the image for each cell.</param>
public sealed record StemMap(string Name, int Channels, int Stride)
{
    /// <summary>Fixed mean of each channel, <c>[C]</c>; the stem's own. <see langword="null"/>: the map is not standardised by fixed statistics.</summary>
    public Tensor? Mean { get; init; }

    /// <summary>Fixed standard deviation of each channel, <c>[C]</c>; the stem's own.</summary>
    public Tensor? Deviation { get; init; }
}
