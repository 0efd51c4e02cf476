using MfpClip.Data;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// Pictures of the procedural data set for training: as <see cref="ProceduralDataSet.Sample"/> draws them, some of them with one kind of defect in many
/// places, and half of them a part of a larger picture squeezed to a square.
/// </summary>
/// <param name="size">Side in pixels.</param>
/// <param name="seed">Seed of all pictures.</param>
/// <param name="largeShare">Share of defective pictures with large defects, 0 to 1; see <see cref="ProceduralSampleOptions.LargeShare"/>. The default model was
/// made with 0.</param>
public sealed class ProceduralSource(int size, long seed, float largeShare = 0) : IPretrainingSource
{
    // Pictures of both sides and of every seed are different ones.
    private const long Stride = 10_000_000, HeldOutOffset = 5_000_000;

    private const double FramedShare = 0.5;

    private const float RepeatedShare = 0.2f;

    private readonly float _largeShare = largeShare is >= 0 and <= 1
        ? largeShare : throw new ArgumentOutOfRangeException(nameof(largeShare), largeShare, "The share of pictures with large defects must be from 0 to 1.");

    private static readonly string[] HeldOut = [.. ProceduralDataSet.Categories.Where(c => c.IsHeldOut).Select(c => c.Name)];

    /// <inheritdoc/>
    public string Identity => $"procedural, {ProceduralDataSet.Categories.Count} categories, size {size}, seed {seed}, {RepeatedShare:0.0#} repeated, "
        + $"{FramedShare:0.0#} framed{(_largeShare > 0 ? FormattableString.Invariant($", {_largeShare:0.0##} large") : string.Empty)}";

    /// <inheritdoc/>
    public PretrainingSample Create(int index, bool heldOut)
    {
        long number = (seed * Stride) + (heldOut ? HeldOutOffset : 0) + index;
        var random = new Random(unchecked((int)(((ulong)number * 0x9E3779B97F4A7C15UL) >> 33)));
        bool framed = random.NextDouble() < FramedShare;
        // A larger picture, so that its part is not enlarged from a few pixels.
        var options = new ProceduralSampleOptions { Size = framed ? size * 5 / 4 : size, RepeatedShare = RepeatedShare, LargeShare = _largeShare };
        var picture = ProceduralDataSet.Sample(number, heldOut ? options with { Categories = HeldOut } : options);
        var (image, mask) = framed ? Framing.Take(picture.Image, picture.Mask, size, random) : (picture.Image, picture.Mask);
        return new(image, mask, picture.Category.Name, picture.Caption);
    }
}
