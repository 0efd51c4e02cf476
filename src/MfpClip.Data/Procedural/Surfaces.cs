namespace MfpClip.Data.Procedural;

/// <summary>What of an object's picture varies from one good part to the next.</summary>
internal sealed record Pose(Noise Noise, double Angle, double X, double Y, double Scale, double Light, double Hue);

/// <summary>The good look of each category: colour and cover (1 on the product, 0 on the background) at a place in [-1,1] x [-1,1].</summary>
internal static class Surfaces
{
    public static (Rgb Color, double Cover) BrushedMetal(Pose p, double x, double y)
    {
        double v = 0.55 + (0.22 * (p.Noise.Octaves(x * 2, y * 90, 3) - 0.5)) + (0.1 * (p.Noise.At(x * 1.2, y * 1.2) - 0.5));
        return (new Rgb(v, v * 1.01, v * 1.04), 1);
    }

    public static (Rgb Color, double Cover) Fabric(Pose p, double x, double y)
    {
        double u = x * 26, w = y * 26;
        bool over = (((int)Math.Floor(u) + (int)Math.Floor(w)) & 1) == 0;
        double thread = over ? Math.Abs(Math.Sin(Math.PI * u)) : Math.Abs(Math.Sin(Math.PI * w));
        double v = 0.35 + (0.4 * thread) + (0.15 * (p.Noise.Octaves(x * 40, y * 40, 2) - 0.5));
        return (Rgb.Mix(new(0.25, 0.32, 0.5), new(0.62, 0.55, 0.48), p.Hue) * (v * 1.5), 1);
    }

    public static (Rgb Color, double Cover) Wood(Pose p, double x, double y)
    {
        double bend = 0.35 * p.Noise.Octaves(x * 1.5, y * 0.4, 3);
        double ring = 0.5 + (0.5 * Math.Sin(38 * (x + bend)));
        double fibre = p.Noise.Octaves(x * 60, y * 3, 3);
        double v = 0.55 + (0.18 * ring) + (0.25 * (fibre - 0.5));
        return (Rgb.Mix(new(0.72, 0.5, 0.3), new(0.55, 0.36, 0.22), p.Hue) * (v * 1.35), 1);
    }

    public static (Rgb Color, double Cover) Leather(Pose p, double x, double y)
    {
        double cell = Cell(p.Noise, x * 15, y * 15);
        double v = 0.4 + (0.5 * Math.Min(cell, 0.45)) + (0.12 * (p.Noise.Octaves(x * 5, y * 5, 3) - 0.5));
        return (Rgb.Mix(new(0.5, 0.28, 0.16), new(0.24, 0.2, 0.19), p.Hue) * (v * 1.8), 1);
    }

    public static (Rgb Color, double Cover) Asphalt(Pose p, double x, double y)
    {
        double grain = p.Noise.Octaves(x * 70, y * 70, 2);
        double v = 0.38 + (0.35 * (grain - 0.5)) + (0.1 * (p.Noise.At(x * 3, y * 3) - 0.5));
        return (new Rgb(v, v, v * 1.02), 1);
    }

    public static (Rgb Color, double Cover) Tile(Pose p, double x, double y)
    {
        double u = Math.Abs(Wrap((x + p.X) * 2)), w = Math.Abs(Wrap((y + p.Y) * 2));
        double joint = Step(0.93, 0.96, Math.Max(u, w));
        double speck = Step(0.72, 0.8, p.Noise.Octaves(x * 30, y * 30, 3));
        var face = Rgb.Mix(new Rgb(0.78, 0.77, 0.74), new(0.45, 0.43, 0.42), speck * 0.7);
        return (Rgb.Mix(face, new(0.4, 0.39, 0.37), joint), 1);
    }

    public static (Rgb Color, double Cover) Nut(Pose p, double x, double y)
    {
        double r = Math.Sqrt((x * x) + (y * y));
        double a = Math.Atan2(y, x);
        double hexagon = r * Math.Cos(Math.IEEERemainder(a, Math.PI / 3)) / 0.66;
        double outside = Step(1.02, 0.99, hexagon);
        double hole = Step(0.3, 0.33, r);
        double bevel = Step(0.62, 0.72, r) * 0.22;
        double shine = 0.55 + (0.16 * Math.Cos(a - p.Angle - 0.8)) - bevel + (0.14 * (p.Noise.Octaves(r * 40, a * 3, 2) - 0.5));
        double threads = 0.1 * Math.Sin(r * 140) * Step(0.42, 0.38, r);
        double v = shine + threads;
        return (new Rgb(v, v * 1.01, v * 1.05), outside * hole);
    }

    public static (Rgb Color, double Cover) Gear(Pose p, double x, double y)
    {
        double r = Math.Sqrt((x * x) + (y * y));
        double a = Math.Atan2(y, x);
        double rim = 0.66 + (0.07 * Math.Clamp(3 * Math.Cos(a * 14), -1, 1));
        double cover = Step(rim + 0.01, rim - 0.01, r) * Step(0.15, 0.17, r);
        double holes = Math.Sqrt(Math.Pow(r - 0.4, 2) + Math.Pow(0.4 * Math.IEEERemainder(a, Math.PI * 2 / 5), 2));
        cover *= Step(0.09, 0.11, holes);
        double v = 0.5 + (0.1 * Math.Sin(r * 160) * 0.4) + (0.12 * (p.Noise.Octaves(x * 20, y * 20, 3) - 0.5)) + (0.12 * x);
        return (Rgb.Mix(new Rgb(0.75, 0.65, 0.4), new(0.6, 0.62, 0.66), p.Hue) * (v * 1.9), cover);
    }

    public static (Rgb Color, double Cover) Pill(Pose p, double x, double y)
    {
        double d = Math.Sqrt(Math.Pow(Math.Max(Math.Abs(x) - 0.28, 0), 2) + (y * y));
        double cover = Step(0.42, 0.4, d);
        double half = Step(-0.01, 0.01, x);
        var color = Rgb.Mix(new Rgb(0.93, 0.92, 0.88), Rgb.Mix(new(0.8, 0.2, 0.18), new(0.2, 0.4, 0.75), p.Hue), half);
        double shade = 1 - (0.9 * d * d) + (0.2 * Math.Exp(-Math.Pow((y + 0.18) / 0.07, 2))) + (0.03 * (p.Noise.Octaves(x * 30, y * 30, 2) - 0.5));
        return (color * shade, cover);
    }

    public static (Rgb Color, double Cover) Cap(Pose p, double x, double y)
    {
        double r = Math.Sqrt((x * x) + (y * y));
        double a = Math.Atan2(y, x);
        double cover = Step(0.72 + (0.012 * Math.Cos(a * 60)), 0.7, r);
        double ridge = r > 0.6 ? 0.12 * Math.Cos(a * 60) : 0;
        double ring = 0.2 * Math.Exp(-Math.Pow((r - 0.56) / 0.02, 2));
        double print = Math.Abs(x) < 0.28 && Math.Abs(Math.Abs(y) - 0.1) < 0.035 ? 0.35 : 0;
        double v = 0.75 + ridge - ring - print + (0.1 * Math.Cos(a - p.Angle - 2)) + (0.04 * (p.Noise.Octaves(x * 12, y * 12, 3) - 0.5));
        return (Rgb.Mix(new Rgb(0.2, 0.5, 0.85), new(0.85, 0.35, 0.2), p.Hue) * (v * 1.2), cover);
    }

    /// <summary>0 below <paramref name="from"/>, 1 above <paramref name="to"/>, smooth between; falling where they are swapped.</summary>
    internal static double Step(double from, double to, double v)
    {
        double t = Math.Clamp((v - from) / (to - from), 0, 1);
        return t * t * (3 - (2 * t));
    }

    private static double Wrap(double v) => (2 * (v - Math.Floor(v))) - 1;

    // Distance to the second nearest point minus the nearest: cells like grain.
    private static double Cell(Noise noise, double x, double y)
    {
        int ix = (int)Math.Floor(x), iy = (int)Math.Floor(y);
        double nearest = 9, second = 9;
        for (int j = iy - 1; j <= iy + 1; j++)
        {
            for (int i = ix - 1; i <= ix + 1; i++)
            {
                double dx = i + noise.Hash(i, j) - x, dy = j + noise.Hash(i + 57, j + 131) - y;
                double d = Math.Sqrt((dx * dx) + (dy * dy));
                (nearest, second) = d < nearest ? (d, nearest) : (nearest, Math.Min(second, d));
            }
        }

        return second - nearest;
    }
}
