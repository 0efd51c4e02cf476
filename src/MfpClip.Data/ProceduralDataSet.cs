using MfpClip.Data.Procedural;

namespace MfpClip.Data;

/// <summary>What is wrong with a rendered product.</summary>
public enum DefectKind
{
    /// <summary>A long straight mark.</summary>
    Scratch,

    /// <summary>A dark branching line.</summary>
    Crack,

    /// <summary>A hole through the surface.</summary>
    Hole,

    /// <summary>A dark patch with a soft inside.</summary>
    Stain,

    /// <summary>A bump or hollow, seen by its shading.</summary>
    Dent,

    /// <summary>A loose thread or hair.</summary>
    Thread,

    /// <summary>Rust.</summary>
    Corrosion,

    /// <summary>A patch of another colour.</summary>
    ColorShift,

    /// <summary>Foreign material on the surface.</summary>
    Contamination,

    /// <summary>A part of the product is not there.</summary>
    MissingPart,
}

/// <summary>A kind of product that can be rendered.</summary>
/// <param name="Name">Name in words.</param>
/// <param name="IsTexture">Whether it fills the picture; otherwise it lies on a background.</param>
/// <param name="IsHeldOut">Whether it is kept out of training, for validation and samples.</param>
public sealed record ProceduralCategory(string Name, bool IsTexture, bool IsHeldOut);

/// <summary>A rendered picture.</summary>
/// <param name="Image">Pixels.</param>
/// <param name="Mask">True on the defect, row by row; all false on a good one.</param>
/// <param name="Category">What it shows.</param>
/// <param name="Defect">What is wrong; <see langword="null"/>: nothing.</param>
/// <param name="Caption">The picture in words.</param>
public sealed record SyntheticImage(RgbImage Image, bool[] Mask, ProceduralCategory Category, DefectKind? Defect, string Caption);

/// <summary>Products and surfaces rendered from a seed, good and defective, with exact masks; the same on every machine.</summary>
public static class ProceduralDataSet
{
    private static readonly (ProceduralCategory Category, Func<Pose, double, double, (Rgb Color, double Cover)> Surface)[] All =
    [
        (new("brushed metal", true, false), Surfaces.BrushedMetal),
        (new("fabric", true, false), Surfaces.Fabric),
        (new("wood", true, true), Surfaces.Wood),
        (new("leather", true, false), Surfaces.Leather),
        (new("asphalt", true, false), Surfaces.Asphalt),
        (new("tile", true, true), Surfaces.Tile),
        (new("metal nut", false, true), Surfaces.Nut),
        (new("gear", false, false), Surfaces.Gear),
        (new("pill", false, true), Surfaces.Pill),
        (new("bottle cap", false, false), Surfaces.Cap),
    ];

    /// <summary>All categories.</summary>
    public static IReadOnlyList<ProceduralCategory> Categories { get; } = [.. All.Select(a => a.Category)];

    /// <summary>Renders one picture.</summary>
    /// <param name="category">Name of a category.</param>
    /// <param name="seed">Pose, light, background and defect follow from it.</param>
    /// <param name="defect">What is wrong; <see langword="null"/>: a good one.</param>
    /// <param name="size">Side in pixels.</param>
    /// <exception cref="ArgumentException">The category is unknown.</exception>
    public static SyntheticImage Render(string category, long seed, DefectKind? defect = null, int size = 256)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16);
        var found = All.FirstOrDefault(a => a.Category.Name == category);
        if (found.Category is null)
        {
            throw new ArgumentException($"There is no category '{category}'; known are {string.Join(", ", Categories.Select(c => c.Name))}.", nameof(category));
        }

        ulong stream = unchecked((ulong)seed * 0x9E3779B97F4A7C15UL);
        foreach (char c in category)
        {
            stream = unchecked((stream ^ c) * 1099511628211UL);
        }

        var random = new SeededRandom(stream);
        bool texture = found.Category.IsTexture;
        var pose = new Pose(
            new(random.Seed()), random.Between(0, Math.PI * 2), random.Between(-0.12, 0.12), random.Between(-0.12, 0.12),
            random.Between(0.9, 1.1), random.Between(0.85, 1.12), random.Next());
        var backgroundNoise = new Noise(random.Seed());
        var background = new Rgb(random.Between(0.05, 0.9), random.Between(0.05, 0.9), random.Between(0.05, 0.9));
        double grey = (background.R + background.G + background.B) / 3;
        background = Rgb.Mix(background, new(grey, grey, grey), 0.8);
        double grain = random.Between(0.01, 0.03);
        double lightAngle = random.Between(0, Math.PI * 2);
        var grainNoise = new Noise(random.Seed());
        // The good picture of a seed is the same with and without a defect: the defect draws last.
        var flaw = defect is { } kind ? new Defect(kind, random, texture ? 0.7 : 0.5) : null;
        return Paint(found.Category, found.Surface, pose, background, backgroundNoise, grain, lightAngle, grainNoise, flaw, defect, size);
    }

    private static SyntheticImage Paint(
        ProceduralCategory category, Func<Pose, double, double, (Rgb Color, double Cover)> surface, Pose pose, Rgb background, Noise backgroundNoise,
        double grain, double lightAngle, Noise grainNoise, Defect? flaw, DefectKind? defect, int size)
    {
        var pixels = new byte[size * size * 3];
        var mask = new bool[size * size];
        var (cos, sin) = (Math.Cos(pose.Angle), Math.Sin(pose.Angle));
        if (category.IsTexture)
        {
            (cos, sin) = (Math.Cos(pose.Angle * 0.05), Math.Sin(pose.Angle * 0.05));
        }

        Parallel.For(0, size, row =>
        {
            for (int column = 0; column < size; column++)
            {
                double u = (((column + 0.5) / size * 2) - 1 - pose.X) / pose.Scale, v = (((row + 0.5) / size * 2) - 1 - pose.Y) / pose.Scale;
                double x = (u * cos) + (v * sin), y = (v * cos) - (u * sin);
                var (color, cover) = surface(pose, x, y);
                var behind = background * (0.92 + (0.16 * backgroundNoise.Octaves(u * 4, v * 4, 3)));
                if (flaw is not null)
                {
                    double strength = flaw.Strength(x, y) * (cover > 0.5 ? 1 : 0);
                    color = flaw.Apply(color, behind, x, y, strength);
                    mask[(row * size) + column] = strength >= 0.5;
                }

                double light = pose.Light * (1 + (0.12 * ((u * Math.Cos(lightAngle)) + (v * Math.Sin(lightAngle)))));
                double noise = grain * (grainNoise.Hash(column, row) - 0.5) * 2;
                var final = Rgb.Mix(behind, color, cover) * light;
                int at = ((row * size) + column) * 3;
                (pixels[at], pixels[at + 1], pixels[at + 2]) = (Byte(final.R + noise), Byte(final.G + noise), Byte(final.B + noise));
            }
        });
        string caption = defect is null ? $"a photo of a good {category.Name}" : $"a photo of a {category.Name} with a {Words(defect.Value)}";
        return new(new(size, size, pixels), mask, category, defect, caption);
    }

    private static byte Byte(double v) => (byte)Math.Round(Math.Clamp(v, 0, 1) * 255);

    private static string Words(DefectKind kind) => kind switch
    {
        DefectKind.ColorShift => "colour shift",
        DefectKind.MissingPart => "missing part",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
