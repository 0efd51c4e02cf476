using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Defects;

/// <summary>Where a defect is to come, how large and how strong, and what it changes.</summary>
internal sealed class DefectSite(Scene scene, Layers layers, SeededRandom random, float area, float strength)
{
    private (Plane First, Plane Second)? _noise;

    public Scene Scene => scene;

    /// <summary>The scene's layers with earlier defects; the defect is painted here.</summary>
    public Layers Layers => layers;

    public SeededRandom Random => random;

    public Arena Arena => scene.Arena;

    public int Size => layers.Size;

    /// <summary>Fraction of the image it should cover.</summary>
    public float Area => area;

    /// <summary>Contrast, 0 barely visible to 1 strong.</summary>
    public float Strength => strength;

    /// <summary>Radius of a disc of the area, in image widths.</summary>
    public float Radius => MathF.Sqrt(area * 0.3183099f);

    /// <summary>Bumps to roughen outlines with (mean 0, deviation 1), not the surface's own.</summary>
    public Plane Edge => (_noise ??= Make()).First;

    /// <summary>Bumps to fill with.</summary>
    public Plane Inside => (_noise ??= Make()).Second;

    /// <summary>A place on the product, in image widths.</summary>
    public (float X, float Y) OnProduct()
    {
        for (int tries = 0; tries < 80; tries++)
        {
            float x = random.Between(0.04f, 0.96f), y = random.Between(0.04f, 0.96f);
            if (Covered(x, y))
            {
                return (x, y);
            }
        }

        return (0.5f, 0.5f);
    }

    /// <summary>A place on the product's outline; <see langword="null"/> where there is none in the image.</summary>
    public (float X, float Y)? OnOutline()
    {
        for (int tries = 0; tries < 60; tries++)
        {
            var (x, y) = OnProduct();
            float turn = random.Next(), step = 1.5f / Size;
            float dx = step * Exact.Cos(turn), dy = step * Exact.Sin(turn);
            for (int k = 0; k < Size && Covered(x, y); k++)
            {
                (x, y) = (x + dx, y + dy);
            }

            if (x is > 0.03f and < 0.97f && y is > 0.03f and < 0.97f)
            {
                return (x, y);
            }
        }

        return null;
    }

    /// <summary>Colour of the surroundings of a place.</summary>
    public Rgb ColorAround(float x, float y, float radius)
    {
        var sum = new Rgb(0, 0, 0);
        int count = 0;
        for (int k = 0; k < 24; k++)
        {
            float d = radius * MathF.Sqrt((k + 0.5f) / 24);
            int px = (int)((x + (d * Exact.Cos(k * 0.618034f))) * Size), py = (int)((y + (d * Exact.Sin(k * 0.618034f))) * Size);
            if (px >= 0 && py >= 0 && px < Size && py < Size)
            {
                sum += layers.ColorAt((py * Size) + px);
                count++;
            }
        }

        return count == 0 ? Rgb.Grey(0.5f) : sum * (1f / count);
    }

    /// <summary>A colour that stands out from another: darker or lighter as there is room.</summary>
    public Rgb Contrast(Rgb from)
    {
        bool darker = from.Luma > 0.55f || (from.Luma > 0.22f && random.Chance(0.55f));
        var other = darker ? Rgb.Grey(random.Between(0, 0.12f)) : Rgb.Grey(random.Between(0.75f, 1));
        return Rgb.Mix(from, other.Vary(random, 0.1f), 0.3f + (0.7f * strength));
    }

    private bool Covered(float x, float y)
    {
        int px = (int)(x * Size), py = (int)(y * Size);
        return px >= 0 && py >= 0 && px < Size && py < Size && layers.Cover.Data[(py * Size) + px] > 0.5f;
    }

    private (Plane First, Plane Second) Make() => SpectralNoise.Pair(Arena, random.Fork(), new(random.Between(1.2f, 2.2f), 4, random.Between(25, 70)));
}
