using MfpClip.Data.Procedural.Canvas;

namespace MfpClip.Data.Procedural.Noise;

/// <summary>Regular patterns over coordinates, one period a unit; each returns planes of 0 to 1.</summary>
internal static class Patterns
{
    /// <summary>Stripes along V: 1 on a share <paramref name="duty"/> of each period.</summary>
    public static Plane Stripes(Arena arena, Coordinates c, float duty, float soft = 0)
    {
        var plane = arena.New();
        float edge = Math.Max(c.Pixel, soft);
        for (int i = 0; i < plane.Data.Length; i++)
        {
            float t = Math.Abs(Fraction(c.U.Data[i]) - 0.5f);
            plane.Data[i] = Math.Clamp((((duty * 0.5f) - t) / edge) + 0.5f, 0f, 1f);
        }

        return plane;
    }

    /// <summary>A wave along U.</summary>
    public static Plane Wave(Arena arena, Coordinates c)
    {
        var plane = arena.New();
        for (int i = 0; i < plane.Data.Length; i++)
        {
            plane.Data[i] = 0.5f + (0.5f * Exact.Sin(c.U.Data[i]));
        }

        return plane;
    }

    /// <summary>Rings around the origin of the coordinates moved by (x, y) periods.</summary>
    public static Plane Rings(Arena arena, Coordinates c, float x, float y)
    {
        var plane = arena.New();
        for (int i = 0; i < plane.Data.Length; i++)
        {
            float u = c.U.Data[i] - x, v = c.V.Data[i] - y;
            plane.Data[i] = 0.5f + (0.5f * Exact.Sin(MathF.Sqrt((u * u) + (v * v))));
        }

        return plane;
    }

    /// <summary>
    /// Threads that cross over and under: height of the upper thread, and which way it runs (0 along U, 1 along V). <paramref name="over"/>: crossings a thread
    /// stays on top before it dives, 1 plain, 2 and more twill.
    /// </summary>
    public static (Plane Height, Plane Way) Weave(Arena arena, Coordinates c, int over, float gap)
    {
        Plane height = arena.New(), way = arena.New();
        for (int i = 0; i < height.Data.Length; i++)
        {
            float u = c.U.Data[i], v = c.V.Data[i];
            int iu = (int)MathF.Floor(u), iv = (int)MathF.Floor(v);
            float fu = (2 * (u - iu)) - 1, fv = (2 * (v - iv)) - 1;
            int step = iu + iv;
            int phase = step - ((over + 1) * (int)MathF.Floor((float)step / (over + 1)));
            bool along = phase == 0;
            float across = along ? fv : fu, down = along ? fu : fv;
            float round = 1 - ((across * across) / ((1 - gap) * (1 - gap)));
            if (round < 0)
            {
                // The gap of the upper thread shows the lower one.
                (along, across, down) = (!along, down, across);
                round = 1 - ((across * across) / ((1 - gap) * (1 - gap)));
                height.Data[i] = round < 0 ? 0 : 0.35f * MathF.Sqrt(round);
            }
            else
            {
                height.Data[i] = (0.45f + (0.55f * (1 - (down * down * 0.7f)))) * MathF.Sqrt(round);
            }

            way.Data[i] = along ? 0 : 1;
        }

        return (height, way);
    }

    /// <summary>
    /// Rows of blocks: 1 inside a block falling to 0 in the joint, and a number of its own for each block. Each row is moved by <paramref name="shift"/> blocks
    /// against the one before; the joint is in periods.
    /// </summary>
    public static (Plane Inside, Plane Id) Bricks(Arena arena, Coordinates c, uint seed, float ratio, float shift, float joint, float soft)
    {
        Plane inside = arena.New(), id = arena.New();
        float edge = Math.Max(c.Pixel, soft);
        for (int i = 0; i < inside.Data.Length; i++)
        {
            float v = c.V.Data[i];
            int row = (int)MathF.Floor(v);
            float u = (c.U.Data[i] / ratio) + (shift * row);
            int column = (int)MathF.Floor(u);
            float fu = (0.5f - Math.Abs(u - column - 0.5f)) * ratio, fv = 0.5f - Math.Abs(v - row - 0.5f);
            inside.Data[i] = Math.Clamp(((Math.Min(fu, fv) - (joint * 0.5f)) / edge) + 0.5f, 0f, 1f);
            id.Data[i] = Exact.Hash(seed, column, row);
        }

        return (inside, id);
    }

    /// <summary>Dots on a lattice, square or (every other row moved by a half) hexagonal: 1 in the dot.</summary>
    public static Plane Dots(Arena arena, Coordinates c, float radius, bool hexagonal, float soft = 0)
    {
        var plane = arena.New();
        float edge = Math.Max(c.Pixel, soft);
        for (int i = 0; i < plane.Data.Length; i++)
        {
            float v = c.V.Data[i] * (hexagonal ? 1.1547f : 1);
            float row = MathF.Floor(v);
            float u = c.U.Data[i] + (hexagonal && ((int)row & 1) == 1 ? 0.5f : 0);
            float du = Fraction(u) - 0.5f, dv = (v - row - 0.5f) * (hexagonal ? 0.866f : 1);
            plane.Data[i] = Math.Clamp(((radius - MathF.Sqrt((du * du) + (dv * dv))) / edge) + 0.5f, 0f, 1f);
        }

        return plane;
    }

    /// <summary>Loops of a knit: height.</summary>
    public static Plane Knit(Arena arena, Coordinates c)
    {
        var plane = arena.New();
        for (int i = 0; i < plane.Data.Length; i++)
        {
            float u = c.U.Data[i], column = MathF.Floor(u), f = u - column - 0.5f;
            float leg = Fraction(c.V.Data[i] + (Math.Abs(f) * 1.4f));
            float across = (Math.Abs(f) * 4) - 1, along = (2 * leg) - 1;
            plane.Data[i] = Math.Max(0, 1 - (across * across)) * (0.35f + (0.65f * Math.Max(0, 1 - (along * along))));
        }

        return plane;
    }

    /// <summary>
    /// Cells around scattered points: distance to the nearest edge (0 at it, about 0.5 in the middle), distance to the nearest point, and a number for each
    /// cell.
    /// </summary>
    public static (Plane Edge, Plane Point, Plane Id) Voronoi(Arena arena, Coordinates c, uint seed, float jitter)
    {
        Plane edge = arena.New(), point = arena.New(), id = arena.New();
        for (int i = 0; i < edge.Data.Length; i++)
        {
            float u = c.U.Data[i], v = c.V.Data[i];
            int iu = (int)MathF.Floor(u), iv = (int)MathF.Floor(v);
            float nearest = 9, second = 9, own = 0;
            for (int y = iv - 1; y <= iv + 1; y++)
            {
                for (int x = iu - 1; x <= iu + 1; x++)
                {
                    float h = Exact.Hash(seed, x, y), h2 = h * 4096;
                    h2 -= MathF.Floor(h2);
                    float du = x + 0.5f + (jitter * (h - 0.5f)) - u, dv = y + 0.5f + (jitter * (h2 - 0.5f)) - v;
                    float d = (du * du) + (dv * dv);
                    if (d < nearest)
                    {
                        (second, nearest, own) = (nearest, d, h);
                    }
                    else if (d < second)
                    {
                        second = d;
                    }
                }
            }

            float near = MathF.Sqrt(nearest);
            edge.Data[i] = (MathF.Sqrt(second) - near) * 0.5f;
            point.Data[i] = near;
            id.Data[i] = own;
        }

        return (edge, point, id);
    }

    private static float Fraction(float v) => v - MathF.Floor(v);
}
