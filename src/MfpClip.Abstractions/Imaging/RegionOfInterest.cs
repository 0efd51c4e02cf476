using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MfpClip;

/// <summary>A mask of where to look; of the image's size, where a call is given it.</summary>
public sealed class RegionOfInterest
{
    private readonly Lazy<string> _identity;

    /// <summary>Wraps a mask without copying it.</summary>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="inside"><c>width * height</c> values, row by row: true where to look. At least one must be true.</param>
    /// <exception cref="ArgumentException">The number of values does not fit, or none is true.</exception>
    public RegionOfInterest(int width, int height, bool[] inside)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(inside);
        if (inside.LongLength != (long)width * height)
        {
            throw new ArgumentException($"A {width} x {height} mask needs {(long)width * height} values, but {inside.LongLength} were given.", nameof(inside));
        }

        if (Array.IndexOf(inside, true) < 0)
        {
            throw new ArgumentException("The region of interest is empty: no pixel is inside it.", nameof(inside));
        }

        Width = width;
        Height = height;
        Inside = inside;
        _identity = new(() => $"{width} x {height}, {Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(inside.AsSpan())))[..16]}");
    }

    /// <summary>Pixels a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>True where to look, row by row.</summary>
    public IReadOnlyList<bool> Inside { get; }

    /// <summary>Size and content, for comparing regions.</summary>
    internal string Identity => _identity.Value;

    /// <summary>A rectangle inside an image of the given size.</summary>
    public static RegionOfInterest Rectangle(int imageWidth, int imageHeight, int x, int y, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)x + width, imageWidth, nameof(width));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)y + height, imageHeight, nameof(height));
        var inside = new bool[checked(imageWidth * imageHeight)];
        for (var row = y; row < y + height; row++)
        {
            Array.Fill(inside, true, (row * imageWidth) + x, width);
        }

        return new RegionOfInterest(imageWidth, imageHeight, inside);
    }
}
