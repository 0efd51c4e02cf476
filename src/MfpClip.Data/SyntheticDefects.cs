using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data;

/// <summary>
/// Pastes synthetic defects on a user's own normal photos, to train or to try a detector where defective parts are rare. The defects are those of
/// <see cref="ProceduralDataSet"/>; where the photo shows one product before an even background they keep to the product. Safe for concurrent callers.
/// </summary>
public static class SyntheticDefects
{
    /// <summary>Makes a normal photo defective.</summary>
    /// <param name="good">The photo, each side at least 32 pixels; it is not changed.</param>
    /// <param name="seed">What is wrong, and where, follows from it.</param>
    /// <param name="options">Kinds, number, sizes, where the product is.</param>
    /// <returns>A photo of the same size that differs inside the mask only. No defects where none could be made visible.</returns>
    /// <exception cref="ArgumentException">The photo is too small, or an option does not fit it.</exception>
    public static PastedImage Paste(RgbImage good, long seed, SyntheticDefectOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(good);
        options ??= new();
        options.Check(good);
        return Paster.Paste(good, SeededRandom.For("paste", seed), options);
    }
}

/// <summary>How <see cref="SyntheticDefects.Paste"/> works.</summary>
public sealed record SyntheticDefectOptions
{
    /// <summary>Kinds to draw from; <see langword="null"/>: all.</summary>
    public IReadOnlyList<DefectKind>? Kinds { get; init; }

    /// <summary>Most defects on one photo, at least 1.</summary>
    public int MaxDefects { get; init; } = 3;

    /// <summary>Where the product is, a value a pixel, row by row; <see langword="null"/>: found where the background is even, otherwise everywhere.</summary>
    public bool[]? Product { get; init; }

    /// <summary>What the photo shows, for the caption.</summary>
    public string ClassName { get; init => field = string.IsNullOrWhiteSpace(value) ? value : ClassWords.Of(value); } = ClassWords.Default;

    internal void Check(RgbImage good)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDefects, 1);
        ArgumentException.ThrowIfNullOrWhiteSpace(ClassName);
        if (good.Width < 32 || good.Height < 32)
        {
            throw new ArgumentException($"The photo is {good.Width} x {good.Height} pixels; defects need at least 32 x 32.", nameof(good));
        }

        if (Kinds is { Count: 0 })
        {
            throw new ArgumentException("There is no kind of defect to draw from.", nameof(Kinds));
        }

        if (Product is { } product && (product.Length != good.Width * good.Height || !product.Contains(true)))
        {
            throw new ArgumentException(
                $"The product must be marked with {good.Width * good.Height} values for this photo, at least one true; there are {product.Length}.",
                nameof(Product));
        }
    }
}

/// <summary>A normal photo with defects pasted on it.</summary>
/// <param name="Image">Pixels, of the normal photo's size.</param>
/// <param name="Mask">True where they differ visibly from the normal photo, row by row; elsewhere they are the same.</param>
/// <param name="Defects">What is wrong; boxes and areas are of the whole photo.</param>
/// <param name="Caption">The photo in words: object, state, defects.</param>
public sealed record PastedImage(RgbImage Image, bool[] Mask, IReadOnlyList<PlacedDefect> Defects, string Caption);

/// <summary>A rendered image.</summary>
/// <param name="Image">Pixels.</param>
/// <param name="Mask">True where it visibly differs from the normal image of the same seed, row by row; all false on a normal one.</param>
/// <param name="Category">What it shows.</param>
/// <param name="Defect">What is wrong, the first of <see cref="Defects"/>; <see langword="null"/>: nothing.</param>
/// <param name="Caption">The image in words: object, state, defects.</param>
public sealed record SyntheticImage(RgbImage Image, bool[] Mask, ProceduralCategory Category, DefectKind? Defect, string Caption)
{
    /// <summary>Everything that is wrong, in the order it was made.</summary>
    public IReadOnlyList<PlacedDefect> Defects { get; init; } = [];

    /// <summary>The word of the caption that says whether it is good, such as "flawless" or "damaged".</summary>
    public string State { get; init; } = string.Empty;

    /// <summary>Whether anything is wrong.</summary>
    public bool IsDefective => Defect is not null;
}

/// <summary>A defect in a rendered image.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Area">Fraction of the image that it visibly changes, 0 to 1.</param>
/// <param name="X">Left edge of the box around it in pixels.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width of the box.</param>
/// <param name="Height">Height of the box.</param>
public sealed record PlacedDefect(DefectKind Kind, float Area, int X, int Y, int Width, int Height);
