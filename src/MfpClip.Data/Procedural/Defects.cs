namespace MfpClip.Data.Procedural;

/// <summary>A defect placed on a product: how strongly each place is affected, and what it does there.</summary>
internal sealed class Defect
{
    private readonly DefectKind _kind;
    private readonly Noise _noise;
    private readonly (double X, double Y)[] _path;
    private readonly double _width;
    private readonly double _size;
    private readonly double _sign;

    public Defect(DefectKind kind, SeededRandom random, double reach)
    {
        (_kind, _noise) = (kind, new(random.Seed()));
        double angle = random.Between(0, Math.PI * 2);
        double distance = reach * Math.Sqrt(random.Next());
        var (x, y) = (distance * Math.Cos(angle), distance * Math.Sin(angle));
        _sign = random.Next() < 0.5 ? -1 : 1;
        _size = random.Between(0.08, 0.2);
        _width = kind switch { DefectKind.Scratch => random.Between(0.008, 0.018), DefectKind.Thread => random.Between(0.012, 0.02), _ => random.Between(0.012, 0.028) };
        int steps = kind == DefectKind.Scratch ? 4 : 9;
        double turn = kind == DefectKind.Scratch ? 0.12 : 0.75;
        double heading = random.Between(0, Math.PI * 2);
        _path = new (double, double)[steps + 1];
        _path[0] = (x, y);
        for (int i = 1; i <= steps; i++)
        {
            heading += random.Between(-turn, turn);
            double step = random.Between(0.5, 1) * (kind == DefectKind.Scratch ? 0.16 : 0.08);
            _path[i] = (_path[i - 1].X + (step * Math.Cos(heading)), _path[i - 1].Y + (step * Math.Sin(heading)));
        }
    }

    private bool IsLine => _kind is DefectKind.Scratch or DefectKind.Crack or DefectKind.Thread;

    /// <summary>How strongly a place is affected, 0 to 1; the mask is where this reaches a half.</summary>
    public double Strength(double x, double y)
    {
        if (IsLine)
        {
            return Surfaces.Step(_width, _width * 0.5, LineDistance(x, y) - (_kind == DefectKind.Crack ? 0.01 * (_noise.At(x * 25, y * 25) - 0.5) : 0));
        }

        double dx = x - _path[0].X, dy = y - _path[0].Y;
        double a = Math.Atan2(dy, dx);
        double radius = _size * (0.75 + (0.5 * _noise.At((Math.Cos(a) * 1.3) + 5, (Math.Sin(a) * 1.3) + 5)));
        double d = Math.Sqrt((dx * dx) + (dy * dy)) / radius;
        return Surfaces.Step(1.05, 0.9, d);
    }

    /// <summary>The colour after the defect.</summary>
    public Rgb Apply(Rgb color, Rgb background, double x, double y, double strength)
    {
        double dx = x - _path[0].X, dy = y - _path[0].Y;
        double n = _noise.Octaves(x * 14, y * 14, 3);
        Rgb damaged = _kind switch
        {
            DefectKind.Scratch => _sign > 0 ? Rgb.Mix(color, new(0.95, 0.95, 0.95), 0.65) : color * 0.45,
            DefectKind.Crack => color * 0.22,
            DefectKind.Thread => Rgb.Mix(new Rgb(0.85, 0.84, 0.8), new(0.15, 0.15, 0.18), _sign > 0 ? 0 : 1),
            DefectKind.Hole => Rgb.Mix(new Rgb(0.05, 0.05, 0.06), color, 0.12 * n),
            DefectKind.Stain => Rgb.Mix(color, new Rgb(0.25, 0.19, 0.1), 0.35 + (0.4 * n)),
            DefectKind.Dent => color * (1 + (0.75 * (dx + dy) / (_size * 1.4))),
            DefectKind.Corrosion => Rgb.Mix(color, new Rgb(0.55, 0.27, 0.1) * (0.6 + (0.8 * n)), 0.55 + (0.4 * n)),
            DefectKind.ColorShift => new Rgb(color.G, color.B, color.R) * (_sign > 0 ? 1.2 : 0.8),
            DefectKind.Contamination => Rgb.Mix(color, new Rgb(0.9, 0.92, 0.85) * (0.6 + (0.7 * n)), 0.7),
            _ => background,
        };
        return Rgb.Mix(color, damaged, strength);
    }

    private double LineDistance(double x, double y)
    {
        double best = double.MaxValue;
        for (int i = 1; i < _path.Length; i++)
        {
            var (a, b) = (_path[i - 1], _path[i]);
            double ux = b.X - a.X, uy = b.Y - a.Y;
            double t = Math.Clamp((((x - a.X) * ux) + ((y - a.Y) * uy)) / ((ux * ux) + (uy * uy) + 1e-12), 0, 1);
            double dx = x - a.X - (t * ux), dy = y - a.Y - (t * uy);
            best = Math.Min(best, (dx * dx) + (dy * dy));
        }

        return Math.Sqrt(best);
    }
}
