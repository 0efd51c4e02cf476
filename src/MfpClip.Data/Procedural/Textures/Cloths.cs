using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Textures;

/// <summary>Woven, knitted, tufted and tanned surfaces.</summary>
internal static class Cloths
{
    /// <summary>Plain weave, twill or knit; plain, striped or checked.</summary>
    public static void Fabric(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Rgb.Grey(0.5f), r.Between(0, 0.15f), 1);
        float turns = r.Chance(0.6f) ? r.Between(-0.02f, 0.02f) : r.Next();
        float periods = r.LogBetween(14, 75);
        var c = s.Coordinates(periods, turns, r.Between(0, 0.8f), r.Between(0, 0.2f)).Stretch(s.Arena, 1, r.Between(0.8f, 1.25f));
        Rgb warp = Finish.AnyColor(r), weft = r.Chance(0.4f) ? warp.Vary(r, 0.15f) : Finish.AnyColor(r);
        if (r.Chance(0.2f))
        {
            var knit = Patterns.Knit(s.Arena, c);
            s.Base.Fill(warp, 0.05f, 1);
            s.Base.Tone(knit, r.Between(0.3f, 0.9f));
            s.Base.Height.Add(knit, 0.15f / periods);
        }
        else
        {
            var (height, way) = Patterns.Weave(s.Arena, c, r.Count(1, 4), r.Between(0, 0.3f));
            s.Base.Color(way, warp, weft);
            if (r.Chance(0.35f))
            {
                // Coloured threads at intervals.
                var wide = c.Stretch(s.Arena, 1f / r.Count(6, 20), 1f / r.Count(6, 20));
                var ink = Finish.AnyColor(r);
                s.Base.Blend(Patterns.Stripes(s.Arena, wide, r.Between(0.1f, 0.5f)), ink, r.Between(0.3f, 0.8f));
            }

            s.Base.Tone(height.Scale(1, -0.7f), r.Between(0.3f, 0.9f));
            s.Base.Height.Add(height, r.Between(0.1f, 0.3f) / periods);
        }

        s.Base.Tone(s.Fine, r.Between(0.02f, 0.1f));
        s.Base.Tone(s.NoisePair(1, 4, 1e6f, 25, turns).First, r.Between(0, 0.07f));
        s.Base.Height.Add(s.Cloud, r.Between(0, 0.003f));
    }

    /// <summary>Tufts or loops in rows.</summary>
    public static void Carpet(Scene s)
    {
        var r = s.Random;
        var color = Finish.AnyColor(r);
        s.Base.Fill(color, 0, 1);
        float periods = r.Between(16, 50);
        var c = s.Coordinates(periods, r.Chance(0.5f) ? 0 : r.Next(), r.Between(0.1f, 1));
        var (edge, _, id) = Patterns.Voronoi(s.Arena, c, (uint)r.Bits(), r.Between(0.1f, 0.9f));
        s.Base.Blend(s.Arena.Copy(id).Step(0.4f, 0.6f), r.Chance(0.5f) ? color * 0.7f : Finish.AnyColor(r), r.Between(0.1f, 0.7f));
        s.Base.Tone(edge.Scale(2, -0.5f), r.Between(0.4f, 1));
        s.Base.Height.Add(edge, 0.12f / periods);
        s.Base.Tone(s.Fine, r.Between(0.08f, 0.25f));
        s.Base.Tone(s.Cloud, r.Between(0, 0.1f));
        if (r.Chance(0.35f))
        {
            var wide = s.Coordinates(r.Between(2, 8), r.Pick(0, 0.25f, 0.125f), 0.1f);
            s.Base.Blend(Patterns.Stripes(s.Arena, wide, r.Between(0.2f, 0.6f), 0.05f), Finish.AnyColor(r), r.Between(0.2f, 0.6f));
        }
    }

    /// <summary>Grained hide.</summary>
    public static void Leather(Scene s)
    {
        var r = s.Random;
        var color = r.Chance(0.7f)
            ? r.Pick(new Rgb(0.5f, 0.3f, 0.17f), new Rgb(0.28f, 0.19f, 0.14f), new Rgb(0.66f, 0.48f, 0.32f), Rgb.Grey(0.12f), new Rgb(0.42f, 0.13f, 0.1f))
                .Vary(r, 0.2f) : Finish.AnyColor(r);
        s.Base.Fill(color, r.Between(0.05f, 0.5f), 1);
        float periods = r.LogBetween(14, 60);
        var c = s.Coordinates(periods, r.Next(), r.Between(0.2f, 0.9f)).Stretch(s.Arena, 1, r.Between(0.6f, 1));
        var (edge, _, id) = Patterns.Voronoi(s.Arena, c, (uint)r.Bits(), r.Between(0.7f, 1));
        var grain = edge.Step(0, r.Between(0.12f, 0.3f));
        s.Base.Tone(s.Arena.Copy(grain).Scale(1, -0.8f), r.Between(0.1f, 0.5f));
        s.Base.Height.Add(grain, r.Between(0.05f, 0.16f) / periods);
        s.Base.Tone(id.Scale(1, -0.5f), r.Between(0, 0.15f));
        s.Base.Height.Add(s.Rough, r.Between(0.0003f, 0.0012f));
        s.Base.Tone(s.Cloud, r.Between(0.02f, 0.12f));
        s.Base.Tone(s.Fine, r.Between(0.01f, 0.06f));
        if (r.Chance(0.2f))
        {
            Stitches(s, color);
        }
    }

    private static void Stitches(Scene s, Rgb hide)
    {
        var r = s.Random;
        var frame = new Frame(r.Between(0.2f, 0.8f), r.Between(0.2f, 0.8f), 1, r.Pick(0, 0.25f) + r.Between(-0.03f, 0.03f));
        float step = r.Between(0.03f, 0.06f), half = r.Between(0.004f, 0.009f);
        var paint = new Paint { Color = r.Chance(0.5f) ? Rgb.Grey(0.8f) : hide * 0.5f, Height = 0.006f, Profile = Profile.Dome, Width = half, Gloss = 0.2f };
        s.Add(frame, p => p.Fill(new Box(0, 0, 1.5f, half * 2.2f), new()
        {
            Color = hide * 0.6f, Opacity = 0.5f, Height = -0.006f, OnTop = true, Profile = Profile.Soft, Width = half * 2, Soft = half * 2,
        }));
        for (float x = -1.2f; x < 1.2f; x += step)
        {
            float at = x;
            s.Add(frame, p => p.Fill(new Stroke(at, 0, at + (step * 0.65f), 0, half, half), paint), removable: true);
        }
    }
}
