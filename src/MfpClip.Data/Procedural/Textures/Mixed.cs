using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Textures;

/// <summary>Surfaces of no particular material: sums of noise of any spectrum and regular patterns.</summary>
internal static class Mixed
{
    /// <summary>One to three noises and up to two patterns, straight or bent, in colour, height or both.</summary>
    public static void Patterned(Scene s)
    {
        var r = s.Random;
        s.Base.Fill(Finish.AnyColor(r), r.Between(0, 0.8f), 1);
        for (int k = r.Count(1, 3); k > 0; k--)
        {
            var noise = r.Below(3) switch
            {
                0 => s.Noise(r.Between(0, 3), 0, 1e6f),
                1 => Band(s, r.LogBetween(4, 60), r.Between(1.2f, 2.5f), 1),
                _ => s.Noise(r.Between(0.3f, 2), r.Between(0, 10), 1e6f, r.LogBetween(2, 80), r.Chance(0.5f) ? r.Below(2) * 0.25f : r.Next()),
            };
            if (r.Chance(0.75f))
            {
                s.Base.Tone(noise, r.LogBetween(0.02f, 0.25f));
            }

            if (r.Chance(0.3f))
            {
                s.Base.Blend(s.Arena.Copy(noise).Step(r.Between(-0.5f, 1), r.Between(1, 1.6f)), Finish.AnyColor(r), r.Between(0.1f, 0.7f));
            }

            s.Base.Height.Add(noise, r.Chance(0.5f) ? r.LogBetween(0.0001f, 0.0012f) : 0);
        }

        for (int k = r.Below(3); k > 0; k--)
        {
            float periods = r.LogBetween(4, 40);
            var c = s.Coordinates(periods, r.Pick(0, 0.25f, 0.125f, r.Next()), r.Chance(0.5f) ? 0 : r.Between(0, 0.9f), r.Between(0, 0.4f));
            float soft = r.Chance(0.5f) ? 0 : r.Between(0.05f, 0.3f);
            var pattern = r.Below(8) switch
            {
                0 => Patterns.Stripes(s.Arena, c, r.Between(0.1f, 0.7f), soft),
                1 => Patterns.Wave(s.Arena, c),
                2 => Patterns.Weave(s.Arena, c, r.Count(1, 4), r.Between(0, 0.6f)).Height,
                3 => Patterns.Bricks(s.Arena, c, (uint)r.Bits(), r.Between(1, 3), r.Pick(0, 0.5f), r.Between(0.05f, 0.35f), soft).Inside,
                4 => Patterns.Dots(s.Arena, c, r.Between(0.12f, 0.45f), r.Chance(0.5f), soft),
                5 => Patterns.Voronoi(s.Arena, c, (uint)r.Bits(), r.Next()).Edge.Step(0, r.Between(0.05f, 0.4f)),
                6 => Patterns.Knit(s.Arena, c),
                _ => Patterns.Rings(s.Arena, c, c.U[0, 0] + (periods * r.Between(-0.5f, 1.5f)), c.V[0, 0] + (periods * r.Between(-0.5f, 1.5f))),
            };
            if (r.Chance(0.5f))
            {
                s.Base.Blend(pattern, Finish.AnyColor(r), r.Between(0.1f, 0.9f));
            }
            else
            {
                s.Base.Tone(s.Arena.Copy(pattern).Scale(1, -0.5f), r.Between(-0.6f, 0.6f));
            }

            s.Base.Height.Add(pattern, r.Chance(0.6f) ? r.Between(-0.12f, 0.12f) / periods : 0);
        }
    }

    // Power around one wavelength: spots or worms of one size.
    private static Plane Band(Scene s, float waves, float wide, float stretch) => s.Noise(0, waves, waves * wide, stretch);
}
