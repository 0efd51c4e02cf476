using System.Text.Json.Serialization;

namespace MfpClip;

/// <summary>Anomaly values of each pixel, in [0,1], row by row from the top.</summary>
[JsonConverter(typeof(AnomalyMapJsonConverter))]
public sealed class AnomalyMap
{
    private readonly float[]? _values;

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

        (Width, Height, _values) = (width, height, values);
    }

    private AnomalyMap(int width, int height) => (Width, Height) = (width, height);

    /// <summary>The size of a map whose values are elsewhere, as in JSON that was written without maps.</summary>
    /// <param name="width">Values a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    public static AnomalyMap WithoutValues(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        return new(width, height);
    }

    /// <summary>Whether it has values; every map of a detector has.</summary>
    public bool HasValues => _values is not null;

    /// <summary>Values a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>All values, row by row.</summary>
    /// <exception cref="InvalidOperationException">The map has no values.</exception>
    public ReadOnlySpan<float> Values => Data;

    /// <summary>The wrapped array, for code that needs one; treat it as read-only.</summary>
    /// <exception cref="InvalidOperationException">The map has no values.</exception>
    public float[] Data => _values ?? throw new InvalidOperationException(
        $"This {Width} x {Height} map was stored without its values. Write results with maps (AnomalyResultJsonContext.Default), or detect the image.");

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

    /// <summary>The size.</summary>
    public override string ToString() => $"{Width} x {Height} map{(HasValues ? string.Empty : " without values")}";
}
