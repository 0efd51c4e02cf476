using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>What objects lie on.</summary>
internal static class Backgrounds
{
    public static void Paint(Scene s)
    {
        var r = s.Random;
        var color = r.Next() switch
        {
            < 0.3f => Rgb.Grey(r.Between(0.03f, 0.2f)),
            < 0.55f => Rgb.Grey(r.Between(0.65f, 0.97f)),
            < 0.8f => Rgb.Grey(r.Between(0.2f, 0.65f)),
            _ => Rgb.Hsv(r.Next(), r.Between(0.2f, 0.7f), r.Between(0.2f, 0.8f)),
        };
        s.Base.Fill(color.Vary(r, 0.04f), r.Between(0, 0.25f), 0);
        switch (r.Below(8))
        {
            case 0:
            case 1:
                break;
            case 2:
                s.Base.Tone(s.Noise(r.Between(1, 3), 0, 1e6f), r.Between(0.02f, 0.1f));
                break;
            case 3:
                s.Base.Tone(s.Noise(0.4f, 0, 1e6f), r.Between(0.03f, 0.12f));
                break;
            case 4:
                var streak = s.Noise(1, 2, 1e6f, r.Between(8, 60), r.Next());
                s.Base.Tone(streak, r.Between(0.03f, 0.12f));
                s.Base.Height.Add(streak, r.Between(0, 0.0004f));
                break;
            case 5:
                var c = s.Coordinates(r.Between(25, 70), r.Next(), r.Between(0, 0.6f));
                var (height, _) = Patterns.Weave(s.Arena, c, r.Count(1, 2), r.Between(0, 0.2f));
                s.Base.Tone(height.Scale(1, -0.6f), r.Between(0.1f, 0.5f));
                break;
            case 6:
                var stripes = Patterns.Wave(s.Arena, s.Coordinates(r.Between(6, 40), r.Next(), r.Between(0, 0.2f)));
                s.Base.Tone(stripes.Scale(1, -0.5f), r.Between(0.05f, 0.3f));
                break;
            default:
                var dots = Patterns.Dots(s.Arena, s.Coordinates(r.Between(8, 30), r.Next()), r.Between(0.15f, 0.42f), r.Chance(0.5f), 0.1f);
                s.Base.Tone(dots, r.Between(-0.35f, 0.35f));
                s.Base.Height.Add(dots, r.Between(-0.003f, 0.003f));
                break;
        }

        if (r.Chance(0.4f))
        {
            s.Base.Tone(s.Cloud, r.Between(0.01f, 0.07f));
        }
    }
}
