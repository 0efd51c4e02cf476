using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Textures;

/// <summary>Wood, paper, foam.</summary>
internal static class Organics
{
    /// <summary>Grain along the trunk, growth rings cut at a slant, knots; one board or several.</summary>
    public static void Wood(Scene s)
    {
        var r = s.Random;
        var light = r.Pick(new Rgb(0.8f, 0.62f, 0.4f), new Rgb(0.72f, 0.5f, 0.3f), new Rgb(0.6f, 0.4f, 0.25f), new Rgb(0.42f, 0.27f, 0.17f),
            new Rgb(0.82f, 0.72f, 0.56f)).Vary(r, 0.15f);
        var dark = light * r.Between(0.5f, 0.82f);
        s.Base.Fill(light, r.Between(0, 0.35f), 1);
        float turns = r.Chance(0.7f) ? (r.Below(2) * 0.25f) + r.Between(-0.015f, 0.015f) : r.Next();
        float rings = r.LogBetween(5, 32);
        var c = s.Coordinates(rings, turns + 0.25f, 0);
        // The rings wander slowly along the grain and faster across it.
        var (wander, slow) = s.NoisePair(r.Between(2, 3), 0, r.Between(5, 14), r.Between(2.5f, 8), turns);
        c.U.Add(wander, r.Between(0.02f, 0.16f) * rings).Add(slow, r.Between(0, 0.06f) * rings);
        var knots = Knots(s, c, turns, rings, r.Chance(0.35f) ? r.Count(1, 3) : 0);
        var ring = s.Arena.New();
        float sharp = r.Between(0, 0.6f);
        for (int i = 0; i < ring.Data.Length; i++)
        {
            // Late wood darkens slowly and ends sharply.
            float f = c.U.Data[i] - MathF.Floor(c.U.Data[i]);
            float saw = f < 0.85f ? f / 0.85f : (1 - f) / 0.15f;
            ring.Data[i] = (sharp * saw * saw) + ((1 - sharp) * (0.5f + (0.5f * Exact.Sin(c.U.Data[i]))));
        }

        s.Base.Color(ring, light, dark);
        var (fibre, pores) = s.NoisePair(r.Between(0.5f, 1.2f), r.Between(3, 15), 1e6f, r.LogBetween(12, 50), turns);
        s.Base.Tone(fibre, r.Between(0.03f, 0.12f));
        s.Base.Tone(pores.Step(1.4f, 2.6f), r.Between(-0.4f, 0));
        s.Base.Height.Add(fibre, r.Between(0.0001f, 0.0005f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.08f));
        if (knots is not null)
        {
            s.Base.Blend(knots, dark * 0.5f, 0.75f);
        }

        if (r.Chance(0.3f))
        {
            var boards = s.Coordinates(r.Between(2, 7), turns + 0.25f);
            var (inside, id) = Patterns.Bricks(s.Arena, boards.Stretch(s.Arena, 1, 1), (uint)r.Bits(), 1e3f, 0, r.Between(0.01f, 0.03f), 0.01f);
            s.Base.Tone(id.Scale(1, -0.5f), r.Between(0.05f, 0.4f));
            s.Base.Tone(s.Arena.Copy(inside).Scale(1, -1), 0.7f);
            s.Base.Height.Add(inside, 0.003f);
        }
    }

    /// <summary>Fibres pressed to a sheet: paper, board, corrugated board; at times printed.</summary>
    public static void Cardboard(Scene s)
    {
        var r = s.Random;
        var color = r.Chance(0.65f) ? new Rgb(0.72f, 0.56f, 0.38f).Vary(r, 0.15f) : Rgb.Grey(r.Between(0.65f, 0.95f)).Vary(r, 0.05f);
        s.Base.Fill(color, r.Between(0, 0.12f), 1);
        var (a, b) = s.NoisePair(r.Between(0.3f, 1.4f), r.Between(4, 15), 1e6f, r.Between(1, 6), r.Next());
        s.Base.Tone(a, r.Between(0.02f, 0.09f));
        s.Base.Tone(b.Step(1.6f, 2.6f), r.Between(-0.25f, 0.1f));
        s.Base.Height.Add(a, r.Between(0, 0.0004f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.06f));
        if (r.Chance(0.45f))
        {
            var wave = Patterns.Wave(s.Arena, s.Coordinates(r.Between(10, 45), r.Pick(0, 0.25f) + r.Between(-0.02f, 0.02f), 0.05f)).Scale(1, -0.5f);
            s.Base.Tone(wave, r.Between(0.01f, 0.12f));
            s.Base.Height.Add(wave, r.Between(0.0001f, 0.0012f));
        }

        if (r.Chance(0.3f))
        {
            Prints.Add(s, r, new(r.Between(0.3f, 0.7f), r.Between(0.3f, 0.7f), r.Between(0.15f, 0.4f), r.Pick(0, 0, 0.25f) + r.Between(-0.02f, 0.02f)),
                color * r.Between(0.1f, 0.5f));
        }
    }

    /// <summary>Open or closed cells.</summary>
    public static void Foam(Scene s)
    {
        var r = s.Random;
        var color = r.Chance(0.5f) ? Rgb.Grey(r.Chance(0.5f) ? r.Between(0.1f, 0.3f) : r.Between(0.6f, 0.95f))
            .Vary(r, 0.05f) : Rgb.Hsv(r.Next(), r.Between(0.2f, 0.8f), r.Between(0.4f, 0.95f));
        s.Base.Fill(color, r.Between(0, 0.1f), 1);
        float periods = r.LogBetween(18, 70);
        var (edge, point, id) = Patterns.Voronoi(s.Arena, s.Coordinates(periods, r.Next(), 0.6f), (uint)r.Bits(), 1);
        if (r.Chance(0.6f))
        {
            var pore = point.Step(r.Between(0.3f, 0.6f), 0.1f).Multiply(id.Step(-0.2f, r.Between(0.2f, 0.9f)));
            s.Base.Tone(pore, -r.Between(0.2f, 0.65f));
            s.Base.Height.Add(pore, -0.2f / periods);
        }
        else
        {
            s.Base.Tone(edge.Scale(2, -0.5f), r.Between(0.1f, 0.4f));
            s.Base.Height.Add(edge, 0.12f / periods);
        }

        s.Base.Tone(s.Fine, r.Between(0.02f, 0.1f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.06f));
    }

    // Moves the rings around each knot and returns how much a place belongs to one.
    private static Plane? Knots(Scene s, Coordinates c, float turns, float rings, int count)
    {
        if (count == 0)
        {
            return null;
        }

        var r = s.Random;
        var knots = s.Arena.New();
        for (int k = 0; k < count; k++)
        {
            float x = r.Next(), y = r.Next(), radius = r.Between(0.012f, 0.04f), side = r.Sign() * rings * r.Between(0.04f, 0.09f);
            float cos = Exact.Cos(turns), sin = Exact.Sin(turns);
            for (int i = 0; i < knots.Data.Length; i++)
            {
                float dx = ((i % s.Size) + 0.5f) / s.Size - x, dy = ((i / s.Size) + 0.5f) / s.Size - y;
                float u = ((cos * dx) + (sin * dy)) * 0.45f, v = (cos * dy) - (sin * dx);
                float d = ((u * u) + (v * v)) / (radius * radius);
                if (d < 20)
                {
                    float near = Exact.Exp(-d * 0.4f);
                    c.U.Data[i] += side * near;
                    knots.Data[i] = Math.Max(knots.Data[i], Exact.Step(1.3f, 0.6f, d));
                }
            }
        }

        return knots;
    }
}
