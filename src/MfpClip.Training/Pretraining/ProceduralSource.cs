using MfpClip.Data;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// Images of the procedural data set for training: as <see cref="ProceduralDataSet.Sample"/> draws them, some of them with one kind of defect in many
/// places, and half of them a part of a larger image squeezed to a square.
/// </summary>
/// <param name="size">Side in pixels.</param>
/// <param name="seed">Seed of all images.</param>
/// <param name="largeFraction">Fraction of defective images with large defects, 0 to 1; see <see cref="ProceduralSampleOptions.LargeFraction"/>. The default
/// model was
/// made with 0.</param>
public sealed class ProceduralSource(int size, long seed, float largeFraction = 0) : IPretrainingSource
{
    // Images of both sides and of every seed are different ones.
    private const long Stride = 10_000_000, HeldOutOffset = 5_000_000;

    private const double FramedFraction = 0.5;

    private const float RepeatedFraction = 0.2f;

    private readonly float _largeFraction = largeFraction is >= 0 and <= 1
        ? largeFraction : throw new ArgumentOutOfRangeException(
            nameof(largeFraction), largeFraction, "The fraction of images with large defects must be from 0 to 1.");

    private static readonly string[] HeldOut = [.. ProceduralDataSet.Categories.Where(c => c.IsHeldOut).Select(c => c.Name)];

    /// <inheritdoc/>
    public string Identity => FormattableString.Invariant(
        $"procedural, {ProceduralDataSet.Categories.Count} categories, size {size}, seed {seed}, {RepeatedFraction:0.0#} repeated, ")
        + FormattableString.Invariant($"{FramedFraction:0.0#} framed")
        + $"{(_largeFraction > 0 ? FormattableString.Invariant($", {_largeFraction:0.0##} large") : string.Empty)}";

    /// <inheritdoc/>
    public PretrainingSample Create(int index, bool heldOut)
    {
        long number = (seed * Stride) + (heldOut ? HeldOutOffset : 0) + index;
        var random = new Random(unchecked((int)(((ulong)number * 0x9E3779B97F4A7C15UL) >> 33)));
        bool framed = random.NextDouble() < FramedFraction;
        // A larger image, so that its part is not enlarged from a few pixels.
        var options = new ProceduralSampleOptions { Size = framed ? size * 5 / 4 : size, RepeatedFraction = RepeatedFraction, LargeFraction = _largeFraction };
        var picture = ProceduralDataSet.Sample(number, heldOut ? options with { Categories = HeldOut } : options);
        var (image, mask) = framed ? Framing.Take(picture.Image, picture.Mask, size, random) : (picture.Image, picture.Mask);
        return new(image, mask, picture.Category.Name, picture.Caption);
    }
}
