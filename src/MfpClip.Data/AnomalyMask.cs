namespace MfpClip.Data;

/// <summary>Where the defect is: a value for each pixel of an image, row by row from the top.</summary>
public sealed class AnomalyMask
{
    /// <summary>Wraps values without copying them.</summary>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="values">Exactly <c>width * height</c> values; true on the defect.</param>
    public AnomalyMask(int width, int height, bool[] values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(values);
        if (values.LongLength != (long)width * height)
        {
            throw new ArgumentException($"A {width} x {height} mask needs {(long)width * height} values, but {values.LongLength} were given.", nameof(values));
        }

        (Width, Height, Data) = (width, height, values);
    }

    /// <summary>Pixels a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>All values, row by row.</summary>
    public ReadOnlySpan<bool> Values => Data;

    /// <summary>The wrapped array, for code that needs one; treat it as read-only.</summary>
    public bool[] Data { get; }

    /// <summary>A mask of a normal image.</summary>
    public static AnomalyMask Empty(int width, int height) => new(width, height, new bool[checked(width * height)]);
}
