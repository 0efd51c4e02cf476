using MfpClip.Data;

namespace MfpClip.Training.Pretraining;

/// <summary>Pictures of the procedural data set: two thirds defective, categories and defects in equal shares.</summary>
/// <param name="size">Side in pixels.</param>
/// <param name="seed">Seed of all pictures.</param>
public sealed class ProceduralSource(int size, long seed) : IPretrainingSource
{
    private const double DefectiveShare = 0.65;

    /// <inheritdoc/>
    public string Identity => $"procedural, {ProceduralDataSet.Categories.Count} categories, size {size}, seed {seed}";

    /// <inheritdoc/>
    public PretrainingSample Create(int index, bool heldOut)
    {
        var categories = ProceduralDataSet.Categories.Where(c => c.IsHeldOut == heldOut).ToList();
        var random = new Random(HashCode(index, heldOut));
        var category = categories[index % categories.Count];
        var kinds = Enum.GetValues<DefectKind>();
        DefectKind? defect = random.NextDouble() < DefectiveShare ? kinds[random.Next(kinds.Length)] : null;
        var picture = ProceduralDataSet.Render(category.Name, random.NextInt64(), defect, size);
        return new(picture.Image, picture.Mask, category.Name, picture.Caption);
    }

    private int HashCode(int index, bool heldOut) => unchecked((int)((((ulong)seed * 0x9E3779B97F4A7C15UL) + ((ulong)index * 0xD1B54A32D192ED03UL) + (heldOut ? 0xA0761D6478BD642FUL : 0)) >> 33));
}
