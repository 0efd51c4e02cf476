namespace MfpClip.Tensors;

/// <summary>Vectors of L2 norm 1, as cosine similarities want them.</summary>
internal static class UnitVectors
{
    /// <summary>Divides by the L2 norm along the last axis.</summary>
    public static Tensor Normalize(Tensor x) => F.normalize(x, p: 2, dim: -1);
}
