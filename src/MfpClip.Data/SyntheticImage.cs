namespace MfpClip.Data;

/// <summary>A rendered image.</summary>
/// <param name="Image">Pixels.</param>
/// <param name="Mask">True where it visibly differs from the good image of the same seed, row by row; all false on a good one.</param>
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
