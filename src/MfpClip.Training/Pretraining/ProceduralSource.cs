using MfpClip.Data;

namespace MfpClip.Training.Pretraining;

/// <summary>Pictures of the procedural data set, drawn as <see cref="ProceduralDataSet.Sample"/> draws them.</summary>
/// <param name="size">Side in pixels.</param>
/// <param name="seed">Seed of all pictures.</param>
public sealed class ProceduralSource(int size, long seed) : IPretrainingSource
{
    // Pictures of both sides and of every seed are different ones.
    private const long Stride = 10_000_000, HeldOutOffset = 5_000_000;

    private static readonly string[] HeldOut = [.. ProceduralDataSet.Categories.Where(c => c.IsHeldOut).Select(c => c.Name)];

    /// <inheritdoc/>
    public string Identity => $"procedural, {ProceduralDataSet.Categories.Count} categories, size {size}, seed {seed}";

    /// <inheritdoc/>
    public PretrainingSample Create(int index, bool heldOut)
    {
        var options = new ProceduralSampleOptions { Size = size };
        var picture = ProceduralDataSet.Sample((seed * Stride) + (heldOut ? HeldOutOffset : 0) + index, heldOut ? options with { Categories = HeldOut } : options);
        return new(picture.Image, picture.Mask, picture.Category.Name, picture.Caption);
    }
}
