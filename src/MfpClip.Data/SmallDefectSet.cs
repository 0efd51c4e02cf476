using MfpClip.Data.Procedural.Large;

namespace MfpClip.Data;

/// <summary>
/// Large pictures with small defects of known size, as line cameras take them: panels or trays of one product under one light, rendered at the size of a
/// pixel, with scratches, spots, holes and stains of a few pixels far from each other. Pure managed code; a seed gives the same bytes on every machine.
/// Safe for concurrent callers; a call uses one thread.
/// </summary>
public static class SmallDefectSet
{
    /// <summary>Categories that no training of the default model saw.</summary>
    public static IReadOnlyList<string> Categories { get; } = [.. ProceduralDataSet.Categories.Where(c => c.IsHeldOut).Select(c => c.Name)];

    /// <summary>Renders one picture.</summary>
    /// <param name="category">Name of one of <see cref="ProceduralDataSet.Categories"/>.</param>
    /// <param name="product">Seed of the product: pictures of one product share shape, colours and light, as references and tests do.</param>
    /// <param name="picture">Seed of the picture: the surface's noise, the camera's noise and the defects.</param>
    /// <param name="options">Size of the picture and of the defects.</param>
    /// <exception cref="ArgumentException">The category is unknown, or an option is out of range.</exception>
    public static SmallDefectPicture Render(string category, long product, long picture, SmallDefectOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(category);
        options ??= new();
        options.Check();
        var entry = ProceduralDataSet.Find(category, nameof(category));
        return SmallDefectRenderer.Render(entry, product, picture, options);
    }
}

/// <summary>How <see cref="SmallDefectSet.Render"/> works.</summary>
public sealed record SmallDefectOptions
{
    internal const int LeastSide = 256, LargestSize = 128;

    /// <summary>Width in pixels, at least 256.</summary>
    public int Width { get; init; } = 4000;

    /// <summary>Height in pixels, at least 256.</summary>
    public int Height { get; init; } = 3000;

    /// <summary>Sizes of the defects: the longer side of the box around the mask, in pixels, 3 to 128.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [4, 8, 16, 32, 64];

    /// <summary>Defects of each size; 0: a normal picture.</summary>
    public int DefectsOfEachSize { get; init; } = 2;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Width, LeastSide);
        ArgumentOutOfRangeException.ThrowIfLessThan(Height, LeastSide);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)Width * Height, int.MaxValue / 3);
        ArgumentOutOfRangeException.ThrowIfNegative(DefectsOfEachSize);
        if (DefectsOfEachSize > 0 && (Sizes.Count == 0 || Sizes.Any(s => s is < 3 or > LargestSize)))
        {
            throw new ArgumentException($"The sizes of defects are {string.Join(", ", Sizes)}; at least one is needed, each from 3 to {LargestSize}.",
                nameof(Sizes));
        }
    }
}

/// <summary>A large picture with small defects.</summary>
/// <param name="Image">Pixels.</param>
/// <param name="Mask">Where it visibly differs from the normal picture of the same seeds; elsewhere both are the same to the last bit.</param>
/// <param name="Category">What it shows.</param>
/// <param name="Defects">What is wrong. A defect for which there is no room, or that cannot be made visible, is left out.</param>
public sealed record SmallDefectPicture(RgbImage Image, AnomalyMask Mask, ProceduralCategory Category, IReadOnlyList<SmallDefect> Defects);

/// <summary>A small defect.</summary>
/// <param name="Kind">Scratch, contamination (a spot), hole or stain.</param>
/// <param name="X">Left edge of the box around its mask in pixels.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width of the box.</param>
/// <param name="Height">Height of the box.</param>
/// <param name="Area">Pixels of the mask.</param>
/// <param name="Contrast">Mean change of the most changed channel within the mask, in grey levels of 255.</param>
public sealed record SmallDefect(DefectKind Kind, int X, int Y, int Width, int Height, int Area, float Contrast)
{
    /// <summary>Longer side of the box in pixels.</summary>
    public int Size => Math.Max(Width, Height);
}
