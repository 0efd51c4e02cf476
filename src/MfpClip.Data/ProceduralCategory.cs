namespace MfpClip.Data;

/// <summary>A kind of product that can be rendered.</summary>
/// <param name="Name">Name in words.</param>
/// <param name="IsTexture">Whether it fills the picture; otherwise it lies on a background.</param>
/// <param name="IsHeldOut">Whether it is kept out of training, for validation and samples.</param>
public sealed record ProceduralCategory(string Name, bool IsTexture, bool IsHeldOut)
{
    /// <summary>What may be wrong with it, at least twelve kinds; <see cref="ProceduralDataSet.Sample"/> draws from these.</summary>
    public IReadOnlyList<DefectKind> Defects { get; init; } = [];
}
