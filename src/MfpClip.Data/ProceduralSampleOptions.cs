namespace MfpClip.Data;

/// <summary>What <see cref="ProceduralDataSet.Sample"/> draws from.</summary>
public sealed record ProceduralSampleOptions
{
    /// <summary>Names of categories; by default all that are not held out.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [.. ProceduralDataSet.Categories.Where(c => !c.IsHeldOut).Select(c => c.Name)];

    /// <summary>Kinds of defects to draw from, as far as the category has them; <see langword="null"/>: all of the category.</summary>
    public IReadOnlyList<DefectKind>? Defects { get; init; }

    /// <summary>Share of defective pictures, 0 to 1.</summary>
    public float DefectiveShare { get; init; } = 0.65f;

    /// <summary>Most defects in one picture, at least 1.</summary>
    public int MaxDefects { get; init; } = 3;

    /// <summary>Share of defective pictures with one kind of defect in three to eight places, whatever <see cref="MaxDefects"/> says, 0 to 1.</summary>
    /// <value>Default 0.</value>
    public float RepeatedShare { get; init; }

    /// <summary>Share of defective pictures whose defects are among the largest of their kind, 0 to 1.</summary>
    /// <value>Default 0: small ones are the rule everywhere.</value>
    public float LargeShare { get; init; }

    /// <summary>Side in pixels, at least 32.</summary>
    public int Size { get; init; } = 320;

    /// <summary>Whether a camera adds uneven light, blur, noise, compression and the like.</summary>
    public bool Camera { get; init; } = true;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Size, 32);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDefects, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(DefectiveShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DefectiveShare, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(RepeatedShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RepeatedShare, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(LargeShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LargeShare, 1);
        if (Categories.Count == 0)
        {
            throw new ArgumentException("There is no category to draw from.", nameof(Categories));
        }
    }
}
