namespace MfpClip.Data;

/// <summary>What <see cref="ProceduralDataSet.Sample"/> draws from.</summary>
public sealed record ProceduralSampleOptions
{
    /// <summary>Names of categories; by default all that are not held out.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [.. ProceduralDataSet.Categories.Where(c => !c.IsHeldOut).Select(c => c.Name)];

    /// <summary>Kinds of defects to draw from, as far as the category has them; <see langword="null"/>: all of the category.</summary>
    public IReadOnlyList<DefectKind>? Defects { get; init; }

    /// <summary>Fraction of defective images, 0 to 1.</summary>
    public float DefectiveFraction { get; init; } = 0.65f;

    /// <summary>Most defects in one image, at least 1.</summary>
    public int MaxDefects { get; init; } = 3;

    /// <summary>Fraction of defective images with one kind of defect in three to eight places, whatever <see cref="MaxDefects"/> says, 0 to 1.</summary>
    /// <value>Default 0.</value>
    public float RepeatedFraction { get; init; }

    /// <summary>Fraction of defective images whose defects are among the largest of their kind, 0 to 1.</summary>
    /// <value>Default 0: small ones are the rule everywhere.</value>
    public float LargeFraction { get; init; }

    /// <summary>Side in pixels, at least 32.</summary>
    public int Size { get; init; } = 320;

    /// <summary>Whether a camera adds uneven light, blur, noise, compression and the like.</summary>
    public bool Camera { get; init; } = true;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Size, 32);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDefects, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(DefectiveFraction);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DefectiveFraction, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(RepeatedFraction);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RepeatedFraction, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(LargeFraction);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LargeFraction, 1);
        if (Categories.Count == 0)
        {
            throw new ArgumentException("There is no category to draw from.", nameof(Categories));
        }
    }
}
