using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Textures;

/// <summary>Stone-like surfaces.</summary>
internal static class Minerals
{
    /// <summary>Chips of stone in bitumen.</summary>
    public static void Asphalt(Scene s)
    {
        var r = s.Random;
        float level = r.Between(0.15f, 0.55f);
        var color = Rgb.Grey(level).Vary(r, 0.06f);
        s.Base.Fill(color, r.Between(0, 0.2f), 1);
        float periods = r.LogBetween(20, 90);
        var (edge, _, id) = Patterns.Voronoi(s.Arena, s.Coordinates(periods, r.Next(), 0.3f, r.Between(0, 0.4f)), (uint)r.Bits(), 1);
        var stone = edge.Step(r.Between(0.02f, 0.12f), r.Between(0.15f, 0.25f));
        s.Base.Tone(s.Arena.Copy(stone).Scale(1, -0.5f), r.Between(0.1f, 0.5f));
        s.Base.Height.Add(stone, r.Between(0.03f, 0.15f) / periods);
        s.Base.Tone(id.Scale(1, -0.5f).Multiply(stone), r.Between(0.2f, 1));
        var (fine, second) = s.NoisePair(r.Between(0.2f, 1), 0, 1e6f);
        s.Base.Tone(fine, r.Between(0.05f, 0.2f));
        s.Base.Height.Add(second, r.Between(0.0003f, 0.001f));
        s.Base.Tone(s.Cloud, r.Between(0.02f, 0.14f));
        if (r.Chance(0.12f))
        {
            // Worn road paint.
            var line = Patterns.Stripes(s.Arena, s.Coordinates(0.9f, r.Next()), r.Between(0.15f, 0.4f), 0.01f);
            s.Base.Blend(line.Multiply(s.Arena.Copy(s.Rough).Step(-1.2f, 0.2f)), Rgb.Grey(0.85f), 0.8f);
        }
    }

    /// <summary>Grey skin of cement with pores and marks of the formwork.</summary>
    public static void Concrete(Scene s)
    {
        var r = s.Random;
        var color = Rgb.Grey(r.Between(0.4f, 0.75f)).Vary(r, 0.07f);
        s.Base.Fill(color, r.Between(0, 0.1f), 1);
        var (a, b) = s.NoisePair(r.Between(1, 2.4f), 0, 1e6f);
        s.Base.Tone(a, r.Between(0.03f, 0.14f));
        s.Base.Height.Add(b, r.Between(0.0002f, 0.0015f));
        s.Base.Tone(s.Fine, r.Between(0.02f, 0.1f));
        s.Base.Tone(s.Cloud, r.Between(0.02f, 0.12f));
        if (r.Chance(0.6f))
        {
            var (_, point, id) = Patterns.Voronoi(s.Arena, s.Coordinates(r.Between(10, 30), r.Next()), (uint)r.Bits(), 1);
            var pore = point.Step(0.16f, 0.05f).Multiply(id.Step(r.Between(0.5f, 0.85f), 0.9f));
            s.Base.Blend(pore, color * 0.5f, 0.8f);
            s.Base.Height.Add(pore, -0.004f);
        }

        if (r.Chance(0.3f))
        {
            var boards = Patterns.Stripes(s.Arena, s.Coordinates(r.Between(1.5f, 6), r.Pick(0, 0.25f), 0.02f), 0.97f);
            s.Base.Tone(s.Arena.Copy(boards).Scale(1, -1), 0.3f);
            s.Base.Height.Add(boards, 0.003f);
        }
    }

    /// <summary>Granite, terrazzo or veined marble, polished.</summary>
    public static void Stone(Scene s)
    {
        var r = s.Random;
        var color = r.Chance(0.6f) ? Rgb.Grey(r.Between(0.15f, 0.85f)).Vary(r, 0.1f) : Rgb.Hsv(r.Next(), r.Between(0.1f, 0.4f), r.Between(0.3f, 0.8f));
        s.Base.Fill(color, r.Between(0.1f, 0.6f), 1);
        s.Base.Tone(s.Cloud, r.Between(0.02f, 0.12f));
        switch (r.Below(3))
        {
            case 0:
                var (granite, second) = s.NoisePair(r.Between(0.3f, 1.2f), r.Between(8, 25), r.Between(40, 120));
                s.Base.Blend(s.Arena.Copy(granite).Step(0.6f, 1), color * 0.4f, r.Between(0.4f, 0.9f));
                s.Base.Blend(s.Arena.Copy(granite).Step(-0.7f, -1.1f), Rgb.Grey(0.8f), r.Between(0.2f, 0.7f));
                s.Base.Blend(second.Step(1.2f, 1.5f), Finish.AnyColor(r), r.Between(0.2f, 0.7f));
                break;
            case 1:
                var (edge, _, id) = Patterns.Voronoi(s.Arena, s.Coordinates(r.Between(7, 22), r.Next(), 0.5f), (uint)r.Bits(), 1);
                var chip = edge.Step(r.Between(0.02f, 0.1f), r.Between(0.11f, 0.15f)).Multiply(s.Arena.Copy(id).Step(r.Between(0, 0.6f), 0.65f));
                s.Base.Blend(chip, Finish.AnyColor(r), 0.8f);
                s.Base.Blend(s.Arena.Copy(chip).Multiply(id.Step(0.75f, 0.78f)), Finish.AnyColor(r), 0.8f);
                break;
            default:
                var (vein, other) = s.NoisePair(r.Between(1.6f, 2.6f), 0, r.Between(20, 60), r.Between(1, 4), r.Next());
                Veins(vein, r.Between(0.04f, 0.15f));
                Veins(other, r.Between(0.02f, 0.08f));
                s.Base.Blend(vein, color.Luma > 0.45f ? color * 0.45f : Rgb.Grey(0.85f), r.Between(0.3f, 0.8f));
                s.Base.Blend(other, Finish.AnyColor(r), r.Between(0.1f, 0.5f));
                break;
        }

        s.Base.Tone(s.Fine, r.Between(0.01f, 0.07f));
        s.Base.Height.Add(s.Rough, r.Between(0, 0.0003f));
    }

    /// <summary>Tiles, large or mosaic, in a bond.</summary>
    public static void Tile(Scene s)
    {
        var r = s.Random;
        var color = r.Chance(0.5f) ? Rgb.Grey(r.Between(0.35f, 0.92f)).Vary(r, 0.06f) : Finish.AnyColor(r);
        s.Base.Fill(color, r.Between(0.1f, 0.7f), 1);
        switch (r.Below(3))
        {
            case 0:
                var (speck, more) = s.NoisePair(r.Between(0.4f, 1.4f), r.Between(4, 20), 1e6f);
                s.Base.Blend(speck.Step(0.8f, 1.5f), color * r.Between(0.5f, 0.8f), r.Between(0.2f, 0.8f));
                s.Base.Blend(more.Step(1, 1.6f), Rgb.Grey(r.Between(0.2f, 0.9f)), r.Between(0, 0.6f));
                break;
            case 1:
                s.Base.Tone(s.Cloud, r.Between(0.03f, 0.15f));
                break;
            default:
                break;
        }

        Joints(s, r.LogBetween(1.6f, 9), r.Chance(0.5f) ? 1 : r.Between(1, 2.2f), r.Pick(0, 0, 0.5f, 0.33f), r.Between(0.03f, 0.1f), r.Between(0, 0.15f));
        s.Base.Tone(s.Fine, r.Between(0.01f, 0.05f));
        s.Base.Height.Add(s.Cloud, r.Between(0, 0.002f));
    }

    /// <summary>A wall of bricks.</summary>
    public static void Brick(Scene s)
    {
        var r = s.Random;
        var color = r.Chance(0.7f) ? new Rgb(0.6f, 0.3f, 0.2f).Vary(r, 0.3f) : Rgb.Grey(r.Between(0.4f, 0.8f)).Vary(r, 0.1f);
        s.Base.Fill(color, 0, 1);
        s.Base.Tone(s.Rough, r.Between(0.05f, 0.15f));
        s.Base.Tone(s.Fine, r.Between(0.05f, 0.15f));
        s.Base.Height.Add(s.Rough, r.Between(0.0006f, 0.002f));
        Joints(s, r.LogBetween(3, 12), r.Between(1.6f, 3.2f), r.Pick(0.5f, 0.5f, 0.33f), r.Between(0.08f, 0.2f), r.Between(0.1f, 0.4f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.1f));
    }

    private static void Joints(Scene s, float rows, float ratio, float shift, float joint, float differ)
    {
        var r = s.Random;
        var c = s.Coordinates(rows, r.Chance(0.6f) ? r.Between(-0.01f, 0.01f) : r.Next(), r.Between(0, 0.03f), r.Between(0, 0.3f));
        float bevel = r.Between(0.01f, 0.06f);
        var (inside, id) = Patterns.Bricks(s.Arena, c, (uint)r.Bits(), ratio, shift, joint, bevel);
        s.Base.Tone(id.Scale(1, -0.5f), differ);
        var mortar = Rgb.Grey(r.Between(0.15f, 0.85f)).Vary(r, 0.05f);
        s.Base.Blend(s.Arena.Copy(inside).Scale(-1, 1), mortar);
        s.Base.Gloss.Multiply(inside);
        s.Base.Height.Add(inside, r.Between(0.01f, 0.05f) / rows);
    }

    private static void Veins(Plane plane, float width)
    {
        for (int i = 0; i < plane.Data.Length; i++)
        {
            plane.Data[i] = Exact.Step(width, 0, Math.Abs(plane.Data[i]));
        }
    }
}
