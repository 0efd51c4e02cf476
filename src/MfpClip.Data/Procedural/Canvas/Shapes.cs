using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Canvas;

/// <summary>An outline in local units: signed distance to it, negative inside; exact near the outline.</summary>
internal interface IShape
{
    /// <summary>Centre of a circle that holds all of the inside.</summary>
    (float X, float Y) Middle { get; }

    /// <summary>Radius of that circle.</summary>
    float Reach { get; }

    float Distance(float x, float y);
}

internal readonly record struct Circle(float X, float Y, float Radius) : IShape
{
    public (float X, float Y) Middle => (X, Y);

    public float Reach => Radius;

    public float Distance(float x, float y) => MathF.Sqrt(((x - X) * (x - X)) + ((y - Y) * (y - Y))) - Radius;
}

internal readonly record struct Ring(float Radius, float Half) : IShape
{
    public (float X, float Y) Middle => (0, 0);

    public float Reach => Radius + Half;

    public float Distance(float x, float y) => Math.Abs(MathF.Sqrt((x * x) + (y * y)) - Radius) - Half;
}

/// <summary>A box with rounded corners, turned about its centre.</summary>
internal readonly struct Box(float x, float y, float halfWidth, float halfHeight, float round = 0, float turns = 0) : IShape
{
    private readonly float _cos = Exact.Cos(turns);
    private readonly float _sin = Exact.Sin(turns);

    public (float X, float Y) Middle => (x, y);

    public float Reach => MathF.Sqrt((halfWidth * halfWidth) + (halfHeight * halfHeight));

    public float Distance(float px, float py)
    {
        float u = px - x, v = py - y;
        float a = Math.Abs((_cos * u) + (_sin * v)) - halfWidth + round, b = Math.Abs((_cos * v) - (_sin * u)) - halfHeight + round;
        float oa = Math.Max(a, 0), ob = Math.Max(b, 0);
        return MathF.Sqrt((oa * oa) + (ob * ob)) + Math.Min(Math.Max(a, b), 0) - round;
    }
}

/// <summary>A line with round ends whose half width changes from one end to the other.</summary>
internal readonly record struct Stroke(float Ax, float Ay, float Bx, float By, float Start, float End) : IShape
{
    public (float X, float Y) Middle => ((Ax + Bx) / 2, (Ay + By) / 2);

    public float Reach => (MathF.Sqrt(((Ax - Bx) * (Ax - Bx)) + ((Ay - By) * (Ay - By))) / 2) + Math.Max(Start, End);

    public float Distance(float x, float y)
    {
        float ux = Bx - Ax, uy = By - Ay, dx = x - Ax, dy = y - Ay;
        float t = Math.Clamp(((dx * ux) + (dy * uy)) / ((ux * ux) + (uy * uy) + 1e-12f), 0f, 1f);
        dx -= t * ux;
        dy -= t * uy;
        return MathF.Sqrt((dx * dx) + (dy * dy)) - Start - (t * (End - Start));
    }
}

/// <summary>A regular polygon with rounded corners; <paramref name="radius"/> reaches to the middle of a side.</summary>
internal readonly struct Polygon(int sides, float radius, float round = 0, float turns = 0) : IShape
{
    public (float X, float Y) Middle => (0, 0);

    public float Reach => radius * 1.42f;

    public float Distance(float x, float y)
    {
        // Folds the plane into half a sector, whose side is straight.
        float a = (Exact.Atan2(y, x) - turns) * sides;
        a = Math.Abs(a - MathF.Floor(a + 0.5f)) / sides;
        float r = MathF.Sqrt((x * x) + (y * y));
        float u = r * Exact.Cos(a), v = r * Exact.Sin(a);
        float half = (radius - round) * Exact.Sin(0.5f / sides) / Exact.Cos(0.5f / sides);
        float du = u - radius + round, dv = Math.Max(v - half, 0);
        return dv > 0 && du > -dv ? MathF.Sqrt((Math.Max(du, 0) * Math.Max(du, 0)) + (dv * dv)) - round : du - round;
    }
}

/// <summary>A disc whose radius swings with the angle: teeth, knurls, petals; square 0 gives a wave, 1 nearly square teeth.</summary>
internal readonly struct Toothed(float radius, int teeth, float depth, float square, float phase) : IShape
{
    public (float X, float Y) Middle => (0, 0);

    public float Reach => radius + depth;

    public float Distance(float x, float y)
    {
        float r = MathF.Sqrt((x * x) + (y * y));
        float wave = Exact.Sin((Exact.Atan2(y, x) * teeth) + phase);
        float tooth = Math.Clamp(wave * (1 + (4 * square)), -1f, 1f);
        return (r - radius - (depth * tooth)) * 0.8f;
    }
}

/// <summary>An irregular round outline: the radius of a circle or ellipse times a few waves of the angle.</summary>
internal readonly struct Blob : IShape
{
    private readonly float _x, _y, _radius, _cos, _sin, _flat;
    private readonly float _a2, _b2, _a3, _b3, _a5, _b5, _a8, _b8;

    public Blob(float x, float y, float radius, SeededRandom random, float wild, float flat = 1)
    {
        (_x, _y, _radius, _flat) = (x, y, radius, flat);
        float turns = random.Next();
        (_cos, _sin) = (Exact.Cos(turns), Exact.Sin(turns));
        (_a2, _b2) = (wild * 0.6f * random.Normal(), wild * 0.6f * random.Normal());
        (_a3, _b3) = (wild * 0.45f * random.Normal(), wild * 0.45f * random.Normal());
        (_a5, _b5) = (wild * 0.28f * random.Normal(), wild * 0.28f * random.Normal());
        (_a8, _b8) = (wild * 0.16f * random.Normal(), wild * 0.16f * random.Normal());
    }

    public (float X, float Y) Middle => (_x, _y);

    public float Reach => _radius * Math.Max(_flat, 1 / _flat) * 2;

    public float Distance(float x, float y)
    {
        float dx = x - _x, dy = y - _y;
        float u = ((_cos * dx) + (_sin * dy)) * _flat, v = ((_cos * dy) - (_sin * dx)) / _flat;
        float r = MathF.Sqrt((u * u) + (v * v)) + 1e-9f;
        float c = u / r, s = v / r;
        float c2 = (c * c) - (s * s), s2 = 2 * c * s;
        float c3 = (c2 * c) - (s2 * s), s3 = (c2 * s) + (s2 * c);
        float c5 = (c3 * c2) - (s3 * s2), s5 = (c3 * s2) + (s3 * c2);
        float c8 = (c5 * c3) - (s5 * s3), s8 = (c5 * s3) + (s5 * c3);
        float swing = 1 + (_a2 * c2) + (_b2 * s2) + (_a3 * c3) + (_b3 * s3) + (_a5 * c5) + (_b5 * s5) + (_a8 * c8) + (_b8 * s8);
        return r - (_radius * Math.Clamp(swing, 0.35f, 1.9f));
    }
}

/// <summary>What is inside one outline and outside another.</summary>
internal readonly record struct Cut<TShape, THole>(TShape Shape, THole Hole) : IShape
    where TShape : struct, IShape
    where THole : struct, IShape
{
    public (float X, float Y) Middle => Shape.Middle;

    public float Reach => Shape.Reach;

    public float Distance(float x, float y) => Math.Max(Shape.Distance(x, y), -Hole.Distance(x, y));
}

/// <summary>What is inside both outlines.</summary>
internal readonly record struct Both<TFirst, TSecond>(TFirst First, TSecond Second) : IShape
    where TFirst : struct, IShape
    where TSecond : struct, IShape
{
    public (float X, float Y) Middle => First.Reach < Second.Reach ? First.Middle : Second.Middle;

    public float Reach => Math.Min(First.Reach, Second.Reach);

    public float Distance(float x, float y) => Math.Max(First.Distance(x, y), Second.Distance(x, y));
}
