using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Textures;

/// <summary>Glass, plastics, glaze, paint, film.</summary>
internal static class Synthetics
{
    /// <summary>Patterned, frosted or plain glass before something out of focus.</summary>
    public static void Glass(Scene s)
    {
        var r = s.Random;
        var color = r.Chance(0.6f) ? Rgb.Grey(r.Between(0.35f, 0.85f))
            .Vary(r, 0.08f) : Rgb.Hsv(r.Between(0.25f, 0.65f), r.Between(0.1f, 0.5f), r.Between(0.4f, 0.9f));
        s.Base.Fill(color, r.Between(0.5f, 1), 1);
        s.Base.Tone(s.NoisePair(3.2f, 0, 6).First, r.Between(0.05f, 0.3f));
        switch (r.Below(4))
        {
            case 0:
                s.Base.Height.Add(s.Noise(r.Between(0, 1), r.Between(6, 15), r.Between(18, 40)), r.Between(0.0006f, 0.002f));
                break;
            case 1:
                s.Base.Tone(s.Fine, r.Between(0.02f, 0.08f));
                s.Base.Height.Add(s.Fine, r.Between(0.0001f, 0.0005f));
                break;
            case 2:
                float rows = r.Between(6, 24);
                s.Base.Height.Add(Patterns.Wave(s.Arena, s.Coordinates(rows, r.Pick(0, 0.25f) + r.Between(-0.02f, 0.02f), r.Between(0, 0.2f))),
                    r.Between(0.02f, 0.08f) / rows);
                break;
            default:
                s.Base.Height.Add(s.Noise(2.8f, 0, 12), r.Between(0.0003f, 0.002f));
                break;
        }

        if (r.Chance(0.15f))
        {
            var c = s.Coordinates(r.Between(6, 14), r.Pick(0, 0.125f));
            var wires = Patterns.Stripes(s.Arena, c, 0.06f);
            s.Base.Blend(wires, Rgb.Grey(0.25f), 0.8f);
            s.Base.Blend(Patterns.Stripes(s.Arena, s.Coordinates(c.Pixel * s.Size, r.Pick(0.25f, 0.375f)), 0.06f), Rgb.Grey(0.25f), 0.8f);
        }
    }

    /// <summary>Moulded: smooth, grained or ribbed.</summary>
    public static void Plastic(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Finish.AnyColor(r), r.Between(0.15f, 0.8f), 1);
        switch (r.Below(4))
        {
            case 0:
                s.Base.Height.Add(s.Noise(0, r.Between(15, 30), r.Between(35, 90)), r.Between(0.0002f, 0.001f));
                break;
            case 1:
                float rows = r.Between(8, 40);
                var ribs = Patterns.Wave(s.Arena, s.Coordinates(rows, r.Pick(0, 0.25f, r.Next()), r.Between(0, 0.05f)));
                s.Base.Height.Add(ribs, r.Between(0.02f, 0.1f) / rows);
                break;
            case 2:
                s.Base.Height.Add(s.Cloud, r.Between(0.0005f, 0.003f));
                break;
            default:
                float lattice = r.Between(8, 30);
                s.Base.Height.Add(Patterns.Dots(s.Arena, s.Coordinates(lattice, r.Pick(0, 0.125f)), 0.35f, r.Chance(0.5f), 0.25f),
                    r.Between(0.02f, 0.06f) / lattice);
                break;
        }

        s.Base.Tone(s.Fine, r.Between(0.005f, 0.05f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.05f));
    }

    /// <summary>Rubber mat: ribs, studs, or plain.</summary>
    public static void Rubber(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(r.Chance(0.75f) ? Rgb.Grey(r.Between(0.06f, 0.25f)) : Finish.AnyColor(r) * 0.7f, r.Between(0.05f, 0.35f), 1);
        float rows = r.Between(6, 26);
        var c = s.Coordinates(rows, r.Pick(0, 0.25f, 0.125f, r.Next()), r.Between(0, 0.1f), r.Between(0, 0.3f));
        var pattern = r.Below(3) switch
        {
            0 => Patterns.Stripes(s.Arena, c, r.Between(0.3f, 0.7f), r.Between(0.08f, 0.25f)),
            1 => Patterns.Dots(s.Arena, c, r.Between(0.2f, 0.42f), r.Chance(0.5f), r.Between(0.06f, 0.2f)),
            _ => s.Arena.New(),
        };
        s.Base.Height.Add(pattern, r.Between(0.03f, 0.12f) / rows);
        s.Base.Tone(pattern, r.Between(-0.1f, 0.25f));
        s.Base.Height.Add(s.Fine, r.Between(0, 0.0006f));
        s.Base.Tone(s.Fine, r.Between(0.04f, 0.15f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.12f));
    }

    /// <summary>Glaze over clay: plain, speckled, or with painted rings.</summary>
    public static void Ceramic(Scene s)
    {
        var r = s.Random;
        var color = r.Chance(0.55f) ? Rgb.Grey(r.Between(0.7f, 0.95f)).Vary(r, 0.06f) : Finish.AnyColor(r);
        s.Base.Fill(color, r.Between(0.3f, 0.95f), 1);
        s.Base.Height.Add(s.Noise(3.2f, 0, 8), r.Between(0.001f, 0.006f));
        s.Base.Height.Add(s.Rough, r.Between(0, 0.0004f));
        s.Base.Tone(s.Cloud, r.Between(0.01f, 0.08f));
        if (r.Chance(0.4f))
        {
            var (specks, _) = s.NoisePair(r.Between(0, 0.8f), r.Between(10, 25), r.Between(30, 90));
            s.Base.Blend(specks.Step(2, 2.5f), color * r.Between(0.3f, 0.6f), r.Between(0.4f, 0.9f));
        }

        if (r.Chance(0.35f))
        {
            var c = s.Coordinates(r.Between(1.5f, 5), r.Next(), 0.05f);
            var band = Patterns.Rings(s.Arena, c, c.U[0, 0] + r.Between(-2, 2), c.V[0, 0] + r.Between(-2, 2)).Step(0.8f, 0.9f);
            s.Base.Blend(band, Finish.AnyColor(r), r.Between(0.4f, 0.9f));
        }
    }

    /// <summary>Sprayed paint: orange peel, flakes.</summary>
    public static void Painted(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Finish.AnyColor(r), r.Between(0.3f, 1), 1);
        s.Base.Height.Add(s.Noise(0.5f, r.Between(8, 16), r.Between(25, 60)), r.Between(0.0001f, 0.0006f));
        s.Base.Height.Add(s.Noise(3, 0, 6), r.Between(0.0005f, 0.005f));
        if (r.Chance(0.4f))
        {
            s.Base.Tone(s.Fine, r.Between(0.03f, 0.12f));
        }

        s.Base.Tone(s.Cloud, r.Between(0, 0.05f));
    }

    /// <summary>Printed film or paper: stripes, dots, rings, cells, in two or three colours.</summary>
    public static void Printed(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Finish.AnyColor(r), r.Between(0, 0.5f), 1);
        for (int layer = r.Count(1, 2); layer > 0; layer--)
        {
            var c = s.Coordinates(r.LogBetween(4, 28), r.Pick(0, 0.25f, 0.125f, r.Next()), r.Chance(0.5f) ? 0 : r.Between(0, 0.5f), r.Between(0, 0.2f));
            var pattern = r.Below(5) switch
            {
                0 => Patterns.Stripes(s.Arena, c, r.Between(0.15f, 0.6f)),
                1 => Patterns.Dots(s.Arena, c, r.Between(0.12f, 0.4f), r.Chance(0.5f)),
                2 => Patterns.Rings(s.Arena, c, c.U[0, 0] + r.Between(-4, 4), c.V[0, 0] + r.Between(-4, 4)).Step(0.45f, 0.55f),
                3 => Patterns.Voronoi(s.Arena, c, (uint)r.Bits(), r.Next()).Edge.Step(0.04f, 0.08f),
                _ => Patterns.Bricks(s.Arena, c, 1, r.Between(1, 3), r.Pick(0, 0.5f), r.Between(0.1f, 0.4f), 0).Inside,
            };
            s.Base.Blend(pattern, Finish.AnyColor(r), r.Between(0.4f, 1));
        }

        s.Base.Tone(s.Fine, r.Between(0.005f, 0.04f));
        s.Base.Height.Add(s.Cloud, r.Between(0, 0.003f));
        if (r.Chance(0.25f))
        {
            Prints.Add(s, r, new(r.Between(0.3f, 0.7f), r.Between(0.3f, 0.7f), r.Between(0.15f, 0.35f), r.Between(-0.03f, 0.03f)), Finish.AnyColor(r));
        }
    }
}
