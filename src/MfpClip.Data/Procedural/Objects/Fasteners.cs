using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Objects;

/// <summary>Screws, nuts, washers, rods.</summary>
internal static class Fasteners
{
    /// <summary>From the side with its thread, or its head from above.</summary>
    public static void Screw(Scene scene)
    {
        if (scene.Random.Chance(0.3f))
        {
            Layout.Place(scene, Head, 1, 0.6f);
        }
        else
        {
            Layout.Place(scene, Side, 0.32f, 0.65f);
        }
    }

    private static void Side(Scene s, Frame f, SeededRandom r, SeededRandom own)
    {
        var metal = Finish.Metal(s, r);
        float shank = r.Between(0.09f, 0.17f), head = shank * r.Between(1.6f, 2.4f), headLength = r.Between(0.12f, 0.25f),
            tip = r.Chance(0.6f) ? r.Between(0.12f, 0.35f) : 0.03f;
        float smooth = r.Chance(0.5f) ? r.Between(0.1f, 0.6f) : 0, pitch = r.Between(0.055f, 0.13f),
            depth = shank * r.Between(0.15f, 0.35f), slant = pitch * 0.4f;
        int form = r.Below(3);
        float start = -0.95f + headLength;
        s.Add(f, p =>
        {
            var core = metal with { Height = shank * 0.9f, Profile = Profile.Dome, Across = true, Width = shank };
            p.Fill(new Box((start + 0.95f - tip) / 2, 0, (0.95f - tip - start) / 2, shank - depth), core);
            p.Fill(new Stroke(0.95f - tip, 0, 0.95f, 0, shank - depth, 0.01f), core);
            if (smooth > 0)
            {
                p.Fill(new Box(start + (smooth / 2), 0, smooth / 2, shank), core);
            }

            for (float x = start + smooth + (pitch / 2); x < 0.93f; x += pitch)
            {
                float w = x > 0.95f - tip ? shank * (0.95f - x) / tip : shank;
                p.Fill(new Stroke(x - slant, -w, x + slant, w, pitch * 0.2f, pitch * 0.2f), metal with
                {
                    Height = pitch * 0.35f, OnTop = true, Profile = Profile.Soft, Width = pitch * 0.2f, Turned = 0,
                });
            }

            if (form == 0)
            {
                p.Fill(new Box(start - (headLength / 2), 0, headLength / 2, head, 0.03f), metal with
                {
                    Height = head * 0.8f, Profile = Profile.Dome, Across = true, Width = head,
                });
            }
            else if (form == 1)
            {
                p.Fill(new Both<Circle, Box>(new(start, 0, head), new(start - 0.5f, 0, 0.5f, 1)), metal with
                {
                    Height = head * 0.8f, Profile = Profile.Dome, Width = head,
                });
            }
            else
            {
                p.Fill(new Stroke(start - headLength, 0, start, 0, head, shank), metal with { Height = head * 0.8f, Profile = Profile.Dome, Width = head });
            }
        });
        for (float x = start + smooth + pitch; x < 0.9f - tip; x += pitch)
        {
            var (ax, ay) = f.ToImage(x - slant, -shank);
            var (bx, by) = f.ToImage(x + slant, shank);
            s.Traces.Add(new(ax, ay, bx, by, pitch * 0.3f * f.Scale));
        }
    }

    private static void Head(Scene s, Frame f, SeededRandom r, SeededRandom own)
    {
        var metal = Finish.Metal(s, r);
        int drive = r.Below(5);
        float turns = own.Next(), rim = r.Between(0.05f, 0.5f), slot = r.Between(0.07f, 0.13f);
        bool washer = r.Chance(0.3f);
        var under = Finish.Metal(s, r);
        s.Add(f, p =>
        {
            float radius = washer ? 0.68f : 0.95f;
            if (washer)
            {
                p.Fill(new Circle(0, 0, 0.97f), under with { Height = 0.06f, Width = 0.04f });
            }

            p.Fill(new Circle(0, 0, radius), metal with { Height = 0.28f, Profile = Profile.Dome, Width = Math.Max(rim, 0.1f) });
        });
        var dark = metal with { Color = metal.Color * 0.35f, Height = -0.2f, OnTop = true, Gloss = 0.2f, Width = 0.06f, Turned = 0 };
        s.Add(f with { Turns = f.Turns + turns }, p =>
        {
            float k = washer ? 0.68f : 0.95f;
            switch (drive)
            {
                case 0:
                    p.Fill(new Box(0, 0, k * 0.9f, slot), dark);
                    break;
                case 1:
                    p.Fill(new Box(0, 0, k * 0.55f, slot), dark);
                    p.Fill(new Box(0, 0, slot, k * 0.55f), dark);
                    break;
                case 2:
                    p.Fill(new Polygon(6, k * 0.45f), dark);
                    break;
                case 3:
                    p.Fill(new Toothed(k * 0.4f, 6, k * 0.08f, 0.2f, 0), dark);
                    break;
                default:
                    p.Fill(new Polygon(4, k * 0.35f), dark);
                    break;
            }
        });
    }

    /// <summary>Hexagon (at times square, flanged or crowned) with a threaded hole.</summary>
    public static void Nut(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var metal = Finish.Metal(s, r);
        int sides = r.Chance(0.85f) ? 6 : 4;
        float hole = r.Between(0.36f, 0.52f), bevel = r.Between(0.75f, 0.98f), pitch = r.Between(0.03f, 0.06f);
        bool flange = r.Chance(0.25f), closed = r.Chance(0.15f);
        float radius = flange ? 0.62f : 0.8f;
        hole *= radius;
        s.Add(f, p =>
        {
            if (flange)
            {
                p.Fill(new Circle(0, 0, 0.97f), metal with { Height = 0.12f, Width = 0.2f });
            }

            p.Fill(new Polygon(sides, radius, 0.03f), metal with { Height = 0.3f, Width = 0.04f });
            // The chamfered face.
            p.Fill(new Circle(0, 0, radius * 1.04f * bevel), metal with { Height = 0.05f, OnTop = true, OnProductOnly = true, Width = 0.1f });
            for (float w = hole + (2.5f * pitch); w > hole; w -= pitch)
            {
                p.Fill(new Circle(0, 0, w), metal with
                {
                    Color = metal.Color * r0(w), Height = -pitch * 1.4f, OnTop = true, Width = pitch, OnProductOnly = true,
                });
            }

            if (closed)
            {
                p.Fill(new Circle(0, 0, hole), new() { Color = Rgb.Grey(0.06f), Gloss = 0.1f, Height = -0.1f });
            }
            else
            {
                p.CutOut(new Circle(0, 0, hole));
            }
        });
        if (r.Chance(0.35f))
        {
            Prints.Add(s, r, f.Inner(0, -(hole + radius) * 0.52f, radius * 0.26f, 0), metal.Color * 0.5f, -0.04f);
        }

        float r0(float w) => 0.65f + (0.35f * ((w - hole) / (2.5f * pitch)));
    }, 1, 0.55f);

    /// <summary>Plain, toothed or split ring.</summary>
    public static void Washer(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var metal = r.Chance(0.8f) ? Finish.Metal(s, r) : Finish.Plastic(s, r);
        float hole = r.Between(0.4f, 0.68f), edge = r.Between(0.02f, 0.12f);
        int form = r.Below(4), teeth = r.Count(8, 16);
        bool inside = r.Chance(0.5f);
        float split = own.Next();
        s.Add(f, p =>
        {
            if (form == 0)
            {
                p.Fill(new Toothed(0.86f, teeth, 0.1f, 0.4f, 0), metal with { Height = 0.08f, Width = edge });
            }
            else
            {
                p.Fill(new Circle(0, 0, 0.95f), metal with { Height = 0.1f, Width = edge, Profile = Profile.Soft });
            }

            if (form == 1 && inside)
            {
                p.CutOut(new Toothed(hole, teeth, 0.06f, 0.4f, 0));
            }
            else
            {
                p.CutOut(new Circle(0, 0, hole));
            }

            if (form == 2)
            {
                p.In(0, 0, 1, split).CutOut(new Box(0.7f, 0, 0.4f, 0.03f, 0, 0.06f));
            }
        });
    }, 1, 0.45f);

    /// <summary>A piece of threaded rod, or a spindle with wide turns.</summary>
    public static void ThreadedRod(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var metal = Finish.Metal(s, r);
        float half = r.Between(0.12f, 0.3f), pitch = r.LogBetween(0.06f, 0.28f), slant = pitch * r.Between(0.2f, 0.6f), phase = own.Next() * pitch;
        float length = r.Chance(0.5f) ? 3 : 0.95f;
        s.Add(f, p =>
        {
            p.Fill(new Box(0, 0, length, half * 0.88f), metal with
            {
                Color = metal.Color * 0.8f, Height = half * 0.9f, Profile = Profile.Dome, Across = true, Width = half,
            });
            for (float x = -length + phase; x < length; x += pitch)
            {
                p.Fill(new Both<Stroke, Box>(new(x - slant, -half, x + slant, half, pitch * 0.24f, pitch * 0.24f), new(0, 0, length, half)),
                    metal with { Height = pitch * 0.3f, OnTop = true, Profile = Profile.Soft, Width = pitch * 0.22f, Turned = 0 });
            }
        });
        for (float x = -Math.Min(length, 1.5f) + phase; x < Math.Min(length, 1.5f); x += pitch)
        {
            var (ax, ay) = f.ToImage(x - slant, -half);
            var (bx, by) = f.ToImage(x + slant, half);
            s.Traces.Add(new(ax, ay, bx, by, pitch * 0.26f * f.Scale));
        }
    }, 0.5f, 0.75f);
}
