namespace MfpClip;

/// <summary>Anomaly values of each pixel, in [0,1], row by row from the top.</summary>
public sealed class AnomalyMap
{
    /// <summary>Wraps values without copying them.</summary>
    /// <param name="width">Values a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="values">Exactly <c>width * height</c> values.</param>
    public AnomalyMap(int width, int height, float[] values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(values);
        if (values.LongLength != (long)width * height)
        {
            throw new ArgumentException($"A {width} x {height} map needs {(long)width * height} values, but {values.LongLength} were given.", nameof(values));
        }

        Width = width;
        Height = height;
        Data = values;
    }

    /// <summary>Values a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>All values, row by row.</summary>
    public ReadOnlySpan<float> Values => Data;

    /// <summary>The wrapped array, for code that needs one; treat it as read-only.</summary>
    public float[] Data { get; }

    /// <summary>The value at column <paramref name="x"/> of row <paramref name="y"/>.</summary>
    public float this[int x, int y]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)x, (uint)Width, nameof(x));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)y, (uint)Height, nameof(y));
            return Data[(y * Width) + x];
        }
    }
}
