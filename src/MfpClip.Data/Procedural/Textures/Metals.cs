using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Textures;

/// <summary>Surfaces of metal that fill the image.</summary>
internal static class Metals
{
    /// <summary>Fine parallel marks, straight, crossed or in arcs.</summary>
    public static void Brushed(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Finish.MetalColor(r), r.Between(0.3f, 0.8f), 1);
        float angle = r.Chance(0.6f) ? (r.Below(2) * 0.25f) + r.Between(-0.01f, 0.01f) : r.Next();
        var (fine, other) = s.NoisePair(r.Between(0.3f, 1.3f), r.Between(0, 8), 1e6f, r.LogBetween(15, 250), angle);
        s.Base.Tone(fine, r.Between(0.04f, 0.16f));
        s.Base.Height.Add(fine, r.Between(0.0001f, 0.0005f));
        if (r.Chance(0.25f))
        {
            s.Base.Tone(SpectralNoise.One(s.Arena, r, new(0.8f, 2, 1e6f, 60, angle + r.Between(0.1f, 0.4f))), r.Between(0.02f, 0.08f));
        }

        // Deeper marks here and there are part of the finish.
        s.Base.Tone(s.Arena.Copy(other).Step(2.2f, 3.4f), r.Between(-0.35f, 0.25f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.08f));
    }

    /// <summary>Turned or milled marks: arcs and circles.</summary>
    public static void Machined(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Finish.MetalColor(r), r.Between(0.3f, 0.8f), 1);
        var c = s.Coordinates(r.Between(12, 70), 0, r.Between(0, 0.1f));
        float size = c.Pixel * s.Size;
        float away = r.Chance(0.5f) ? r.Between(0, 0.4f) : r.Between(0.6f, 3);
        float turn = r.Next();
        float x = c.U[s.Size / 2, s.Size / 2] + (away * size * Exact.Cos(turn)), y = c.V[s.Size / 2, s.Size / 2] + (away * size * Exact.Sin(turn));
        var rings = Patterns.Rings(s.Arena, c, x, y).Scale(1, -0.5f);
        s.Base.Tone(rings, r.Between(0.05f, 0.3f));
        s.Base.Height.Add(rings, r.Between(0.0005f, 0.003f) * 20 * c.Pixel);
        s.Base.Tone(s.Fine, r.Between(0.02f, 0.08f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.1f));
    }

    /// <summary>Rough skin from the mould.</summary>
    public static void Cast(Scene s)
    {
        var r = s.Random;
        var color = Rgb.Grey(r.Between(0.25f, 0.65f)).Vary(r, 0.08f);
        s.Base.Fill(color, r.Between(0.1f, 0.5f), 1);
        var (rough, second) = s.NoisePair(r.Between(0.8f, 2.2f), r.Between(0, 12), 1e6f);
        s.Base.Height.Add(rough, r.Between(0.0008f, 0.003f));
        s.Base.Tone(rough, r.Between(0.02f, 0.1f));
        s.Base.Tone(s.Arena.Copy(second).Step(1.6f, 2.8f), r.Between(-0.3f, -0.05f));
        s.Base.Tone(s.Fine, r.Between(0.02f, 0.08f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.12f));
    }

    /// <summary>Scale of the rolling mill: grey, cloudy, streaked.</summary>
    public static void HotRolled(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Rgb.Grey(r.Between(0.28f, 0.62f)).Vary(r, 0.05f), r.Between(0.05f, 0.4f), 1);
        float angle = (r.Below(2) * 0.25f) + r.Between(-0.01f, 0.01f);
        var (a, b) = s.NoisePair(r.Between(0.6f, 2), r.Between(0, 4), 1e6f, r.LogBetween(1.5f, 20), angle);
        s.Base.Tone(a, r.Between(0.04f, 0.16f));
        s.Base.Height.Add(b, r.Between(0.0002f, 0.001f));
        s.Base.Tone(s.Fine, r.Between(0.02f, 0.12f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.15f));
        if (r.Chance(0.4f))
        {
            s.Base.Tone(s.NoisePair(1, 1, 30, 200, angle).First, r.Between(0.02f, 0.08f));
        }
    }

    /// <summary>Wires or a perforated sheet before a dark or light ground.</summary>
    public static void Mesh(Scene s)
    {
        var r = s.Random;
        var ground = Rgb.Grey(r.Chance(0.75f) ? r.Between(0.02f, 0.2f) : r.Between(0.7f, 0.95f));
        var metal = Finish.MetalColor(r);
        s.Base.Fill(metal, r.Between(0.3f, 0.8f), 1);
        float turns = r.Chance(0.5f) ? r.Pick(0, 0.125f) + r.Between(-0.01f, 0.01f) : r.Next();
        var c = s.Coordinates(r.Between(7, 24), turns, r.Between(0, 0.12f), r.Between(0, 0.25f));
        Plane solid;
        if (r.Chance(0.55f))
        {
            var (height, _) = Patterns.Weave(s.Arena, c, r.Count(1, 2), r.Between(0.45f, 0.75f));
            solid = s.Arena.Copy(height).Step(0, 0.2f);
            s.Base.Height.Add(height, 0.3f / (c.Pixel * s.Size));
        }
        else
        {
            solid = Patterns.Dots(s.Arena, c, r.Between(0.25f, 0.42f), r.Chance(0.6f), 0.08f).Scale(-1, 1);
            s.Base.Height.Add(solid, r.Between(0.003f, 0.01f));
        }

        s.Base.Tone(s.Fine, r.Between(0.02f, 0.1f));
        var open = s.Arena.Copy(solid).Scale(-1, 1);
        s.Base.Blend(open, ground);
        s.Base.Gloss.Multiply(solid);
    }

    /// <summary>Sheet with raised lozenges or bars.</summary>
    public static void TreadPlate(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Finish.MetalColor(r), r.Between(0.3f, 0.8f), 1);
        s.Base.Tone(s.Fine, r.Between(0.02f, 0.1f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.1f));
        s.Base.Height.Add(s.Rough, r.Between(0, 0.0005f));
        var color = Finish.MetalColor(r);
        int across = r.Count(4, 10);
        float turns = r.Chance(0.6f) ? r.Pick(0, 0.125f) : r.Next(), length = r.Between(0.32f, 0.48f), half = r.Between(0.06f, 0.13f);
        int bars = r.Count(1, 3);
        var whole = new Frame(0.5f, 0.5f, 1f / across, turns);
        var paint = new Paint
        {
            Color = color, Grain = s.Fine, GrainAmount = 0.05f, Gloss = r.Between(0.3f, 0.9f), Height = r.Between(0.05f, 0.12f), Profile = Profile.Soft,
            Width = half,
        };
        for (int y = -across; y <= across; y++)
        {
            for (int x = -across; x <= across; x++)
            {
                var (px, py) = whole.ToImage(x, y);
                if (px is > -0.15f and < 1.15f && py is > -0.15f and < 1.15f)
                {
                    float own = ((x + y) & 1) == 0 ? 0.125f : -0.125f;
                    s.Add(whole.Inner(x, y, 1, own), p =>
                    {
                        for (int k = 0; k < bars; k++)
                        {
                            float v = (k - ((bars - 1) * 0.5f)) * half * 2.4f;
                            p.Fill(new Stroke(-length, v, length, v, half, half * 0.6f), paint);
                        }
                    }, removable: true);
                }
            }
        }
    }
}
