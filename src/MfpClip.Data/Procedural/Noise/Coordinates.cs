using MfpClip.Data.Procedural.Canvas;

namespace MfpClip.Data.Procedural.Noise;

/// <summary>Where each pixel lies on a pattern, in periods: turned, scaled, shifted, seen at a slant, and bent.</summary>
internal sealed class Coordinates
{
    private Coordinates(Plane u, Plane v, float pixel) => (U, V, Pixel) = (u, v, pixel);

    public Plane U { get; }

    public Plane V { get; }

    /// <summary>Size of a pixel in periods.</summary>
    public float Pixel { get; }

    /// <summary>
    /// Coordinates with <paramref name="periods"/> periods an image width; <paramref name="bend"/> is how far places are moved at most, in periods.
    /// </summary>
    public static Coordinates Create(Arena arena, SeededRandom random, float periods, float turns, float bend = 0, float slant = 0)
    {
        int size = arena.Size;
        Plane u = arena.New(), v = arena.New();
        var (cos, sin) = (Exact.Cos(turns), Exact.Sin(turns));
        var (ox, oy) = (random.Between(0, 64), random.Between(0, 64));
        var (sx, sy) = (random.Between(-slant, slant), random.Between(-slant, slant));
        var (bu, bv) = bend > 0 ? SpectralNoise.Pair(arena, random, new(3, 0.5f, random.Between(2, 5))) : (u, v);
        for (int y = 0, i = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++, i++)
            {
                float px = ((x + 0.5f) / size) - 0.5f, py = ((y + 0.5f) / size) - 0.5f;
                float far = periods / (1 + (sx * px) + (sy * py));
                float pu = ((cos * px) + (sin * py)) * far, pv = ((cos * py) - (sin * px)) * far;
                u.Data[i] = pu + ox + (bend * 0.5f * bu.Data[i]);
                v.Data[i] = pv + oy + (bend * 0.5f * bv.Data[i]);
            }
        }

        return new(u, v, periods / size);
    }

    /// <summary>The same places with other lengths of a period.</summary>
    public Coordinates Stretch(Arena arena, float u, float v) => new(arena.Copy(U).Scale(u), arena.Copy(V).Scale(v), Pixel * Math.Max(u, v));
}
