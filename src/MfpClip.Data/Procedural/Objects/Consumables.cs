using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Objects;

/// <summary>Pills, capsules, food, caps, bottles.</summary>
internal static class Consumables
{
    /// <summary>Pressed tablets: round, oblong, scored, imprinted, coated.</summary>
    public static void Pill(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var chalk = Finish.Chalk(s, r);
        float slim = r.Chance(0.5f) ? 1 : r.Between(0.4f, 0.75f), dome = r.Between(0.15f, 0.6f);
        bool score = r.Chance(0.35f), two = r.Chance(0.2f);
        var second = Finish.Chalk(s, r).Color;
        s.Add(f, p =>
        {
            var shape = new Box(0, 0, 0.95f, 0.95f * slim, 0.95f * slim);
            p.Fill(shape, chalk with { Height = 0.35f * slim, Profile = Profile.Dome, Width = dome });
            if (two)
            {
                p.Fill(new Both<Box, Box>(shape, new(0.5f, 0, 0.5f, 1)), chalk with { Color = second, OnTop = true, Height = 0 });
            }

            if (score)
            {
                p.Fill(new Box(0, 0, 0.035f, 0.8f * slim), chalk with
                {
                    Color = chalk.Color * 0.75f, Height = -0.08f, OnTop = true, OnProductOnly = true, Profile = Profile.Soft, Width = 0.035f,
                });
            }
        });
        if (!score && r.Chance(0.5f))
        {
            bool ink = r.Chance(0.5f);
            Prints.Add(s, r, f.Inner(0, 0, 0.5f * Math.Max(slim, 0.6f), 0), ink ? Rgb.Hsv(r.Next(), 0.6f, 0.3f) : chalk.Color * 0.8f, ink ? 0 : -0.06f);
        }
    }, 1, 0.5f);

    /// <summary>Two halves of gelatine, one pushed over the other.</summary>
    public static void Capsule(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        float half = r.Between(0.26f, 0.4f), seam = r.Between(-0.1f, 0.25f);
        var body = Finish.Plastic(s, r) with { Gloss = r.Between(0.4f, 0.95f), Height = half, Profile = Profile.Dome, Width = half, RoughAmount = 0 };
        var cap = body with { Color = Finish.AnyColor(r) };
        s.Add(f, p => p.Fill(new Stroke(-0.95f + half, 0, 0.95f - half, 0, half * 0.95f, half * 0.95f), body));
        s.Add(f, p =>
        {
            float h = half;
            p.Fill(new Both<Stroke, Box>(new(-0.95f + h, 0, 0.95f - h, 0, h, h), new(seam + 0.5f, 0, 0.5f, 1)), cap with
            {
                OnTop = true, Height = 0.015f, Profile = Profile.Soft, Width = 0.03f,
            });
            p.Fill(new Both<Stroke, Box>(new(-0.95f + h, 0, 0.95f - h, 0, h, h), new(seam + 0.06f, 0, 0.012f, 1)), cap with
            {
                Color = cap.Color * 0.8f, OnTop = true, Height = -0.01f,
            });
        }, removable: true);
        if (r.Chance(0.5f))
        {
            Prints.Add(s, r, f.Inner(seam < 0 ? 0.45f : -0.4f, 0, half * 0.9f, 0), (seam < 0 ? cap : body).Color.Luma > 0.4f
                ? Rgb.Grey(0.12f) : Rgb.Grey(0.9f));
        }
    }, 0.42f, 0.5f);

    /// <summary>Round, square or oval, with holes, chips, a rim, a pattern.</summary>
    public static void Biscuit(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var dough = Finish.Baked(s, r);
        int form = r.Below(4), lobes = r.Count(10, 26), bits = r.Chance(0.5f) ? r.Count(4, 14) : 0, holes = bits == 0 && r.Chance(0.7f) ? r.Count(1, 3) : 0;
        float slim = r.Between(0.6f, 1), dome = r.Between(0.1f, 0.5f), bit = r.Between(0.06f, 0.13f);
        var chip = r.Chance(0.7f) ? new Rgb(0.2f, 0.11f, 0.07f).Vary(r, 0.2f) : Finish.AnyColor(r);
        bool rim = r.Chance(0.3f), filled = r.Chance(0.15f);
        var outline = new Blob(0, 0, 0.88f, own, 0.05f);
        s.Add(f, p =>
        {
            var paint = dough with { Height = 0.2f, Profile = Profile.Dome, Width = dome };
            switch (form)
            {
                case 0:
                    p.Fill(outline, paint);
                    break;
                case 1:
                    p.Fill(new Box(0, 0, 0.92f, 0.92f * slim, 0.08f), paint);
                    break;
                case 2:
                    p.Fill(new Toothed(0.9f, lobes, 0.04f, 0, 0), paint);
                    break;
                default:
                    p.Fill(new Circle(0, 0, 0.94f), paint);
                    break;
            }

            if (rim && form != 1)
            {
                p.Fill(new Ring(0.72f, 0.04f), dough with
                {
                    Color = dough.Color * 0.85f, Height = -0.05f, OnTop = true, OnProductOnly = true, Profile = Profile.Soft,
                });
            }

            if (filled && form != 1)
            {
                p.Fill(new Circle(0, 0, 0.45f), new()
                {
                    Color = chip, Gloss = 0.7f, Height = 0.22f, Profile = Profile.Dome, Width = 0.2f, OnProductOnly = true,
                });
            }

            for (int y = -holes; y <= holes; y++)
            {
                for (int x = -holes; x <= holes; x++)
                {
                    float px = x * 0.6f / (holes + 0.3f), py = y * 0.6f / (holes + 0.3f) * (form == 1 ? slim : 1);
                    if (form == 1 || (px * px) + (py * py) < 0.4f)
                    {
                        p.Fill(new Circle(px, py, 0.05f), new()
                        {
                            Color = dough.Color * 0.4f, Height = -0.12f, OnTop = true, Width = 0.05f, OnProductOnly = true,
                        });
                    }
                }
            }
        });
        for (int k = 0; k < bits; k++)
        {
            float a = own.Next(), d = 0.75f * MathF.Sqrt(own.Next()) * (form == 1 ? slim : 1);
            var lump = new Blob(0, 0, bit * own.Between(0.7f, 1.3f), own, 0.25f);
            s.Add(f.Inner(d * Exact.Cos(a), d * Exact.Sin(a), 1, 0), p => p.Fill(lump, new()
            {
                Color = chip, Gloss = 0.3f, Height = 0.26f, Profile = Profile.Dome, Width = 0.1f, OnProductOnly = true,
            }));
        }
    }, 1, 0.6f);

    /// <summary>Hazelnuts, beans, almonds: a smooth skin with streaks and a paler end.</summary>
    public static void Nut(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var skin = r.Pick(new Rgb(0.55f, 0.33f, 0.17f), new Rgb(0.4f, 0.22f, 0.12f), new Rgb(0.7f, 0.5f, 0.28f), new Rgb(0.28f, 0.14f, 0.1f),
            new Rgb(0.82f, 0.74f, 0.58f)).Vary(r, 0.15f);
        float flat = r.Between(0.8f, 1.25f), size = own.Between(0.75f, 0.9f);
        var outline = new Blob(0, 0, size, own, 0.06f, flat);
        var streaks = s.Streak;
        bool spot = r.Chance(0.5f);
        float spotTurn = own.Next();
        float gloss = r.Between(0.1f, 0.6f), streak = r.Between(0.03f, 0.16f);
        s.Add(f, p =>
        {
            p.Fill(outline, new()
            {
                Color = skin, Grain = streaks, GrainAmount = streak, Spots = s.Cloud, Second = skin * 0.75f, Gloss = gloss, Height = 0.75f,
                Profile = Profile.Dome, Width = 0.85f, Rough = s.Rough, RoughAmount = 0.0004f,
            });
            if (spot)
            {
                p.Fill(new Circle(0.45f * Exact.Cos(spotTurn), 0.45f * Exact.Sin(spotTurn), 0.3f), new()
                {
                    Color = Rgb.Mix(skin, new(0.85f, 0.75f, 0.6f), 0.6f), Opacity = 0.8f, OnTop = true, OnProductOnly = true, Soft = 0.15f, Gloss = 0.05f,
                    Grain = s.Fine, GrainAmount = 0.08f,
                });
            }
        });
    }, 1, 0.4f);

    /// <summary>Screw or crown cap from above, ribbed, with a print.</summary>
    public static void BottleCap(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var plastic = r.Chance(0.6f) ? Finish.Plastic(s, r) : Finish.Metal(s, r) with { Color = Finish.AnyColor(r), Turned = 0 };
        int ribs = r.Chance(0.5f) ? r.Count(40, 90) : 21;
        float depth = ribs == 21 ? 0.05f : 0.015f, ring = r.Between(0.68f, 0.82f), turns = own.Next();
        var band = r.Chance(0.4f) ? Finish.AnyColor(r) : plastic.Color * 0.92f;
        s.Add(f with { Turns = f.Turns + turns }, p =>
        {
            p.Fill(new Toothed(0.92f, ribs, depth, 0.2f, 0), plastic with { Height = 0.25f, Width = 0.14f });
            p.Fill(new Ring(ring, 0.035f), plastic with { Color = band, Height = -0.02f, OnTop = true, Profile = Profile.Soft, Width = 0.03f });
            p.Fill(new Circle(0, 0, ring - 0.06f), plastic with { Height = 0.03f, OnTop = true, Width = 0.04f });
        });
        if (r.Chance(0.7f))
        {
            Prints.Add(s, r, f with { Scale = f.Scale * ring * 0.62f, Turns = f.Turns + (r.Chance(0.5f) ? 0 : turns) }, plastic.Color.Luma > 0.45f
                ? Rgb.Hsv(r.Next(), 0.7f, 0.25f) : Rgb.Grey(0.92f));
        }
    }, 1, 0.5f);

    /// <summary>Into the mouth of a bottle, or its side with a label.</summary>
    public static void Bottle(Scene scene)
    {
        if (scene.Random.Chance(0.5f))
        {
            Layout.Place(scene, Mouth, 1, 0.7f);
        }
        else
        {
            Layout.Place(scene, Standing, 0.45f, 0.6f);
        }
    }

    private static Rgb GlassColor(SeededRandom r) => r.Pick(new Rgb(0.3f, 0.17f, 0.07f), new Rgb(0.1f, 0.25f, 0.13f), new Rgb(0.6f, 0.68f, 0.68f),
        new Rgb(0.8f, 0.82f, 0.84f), new Rgb(0.15f, 0.25f, 0.45f)).Vary(r, 0.15f);

    private static void Mouth(Scene s, Frame f, SeededRandom r, SeededRandom own)
    {
        var color = GlassColor(r);
        float rim = r.Between(0.6f, 0.85f), bore = rim * r.Between(0.6f, 0.8f), bottom = bore * r.Between(0.5f, 0.85f);
        float lit = r.Between(0.3f, 1);
        s.Add(f, p =>
        {
            p.Fill(new Circle(0, 0, 0.96f), new()
            {
                Color = color * 0.8f, Gloss = 0.8f, Height = 0.3f, Profile = Profile.Dome, Width = 0.96f - rim, Grain = s.Cloud, GrainAmount = 0.05f,
            });
            p.Fill(new Ring((rim + bore) / 2, (rim - bore) / 2), new()
            {
                Color = color * 1.2f, Gloss = 1, Height = 0.4f, Profile = Profile.Dome, Width = (rim - bore) / 2,
            });
            p.Fill(new Circle(0, 0, bore), new()
            {
                Color = color * 0.4f, Gloss = 0.5f, Height = -0.2f, Width = bore * 0.5f, Grain = s.Cloud, GrainAmount = 0.08f,
            });
            p.Fill(new Circle(0, 0, bottom), new()
            {
                Color = color * (0.4f + lit), Gloss = 0.2f, Height = -0.2f, Soft = bottom * 0.4f, Grain = s.Cloud, GrainAmount = 0.05f,
            });
        });
    }

    private static void Standing(Scene s, Frame f, SeededRandom r, SeededRandom own)
    {
        bool glass = r.Chance(0.5f);
        var body = (glass ? Finish.Plastic(s, r) with { Color = GlassColor(r), Gloss = 0.9f } : Finish.Plastic(s, r)) with { RoughAmount = 0 };
        float half = r.Between(0.26f, 0.42f), shoulder = r.Between(0.1f, 0.35f), neck = half * r.Between(0.3f, 0.55f);
        var cap = Finish.Plastic(s, r);
        var label = Finish.AnyColor(r);
        float labelHalf = r.Between(0.2f, 0.34f);
        s.Add(f, p =>
        {
            p.Fill(new Box(-0.95f + (0.95f + shoulder) / 2, 0, (0.95f + shoulder) / 2, half, 0.06f), body with
            {
                Height = half, Profile = Profile.Dome, Across = true, Width = half,
            });
            p.Fill(new Stroke(shoulder - 0.05f, 0, shoulder + 0.3f, 0, half - 0.02f, neck), body with { Height = half, Profile = Profile.Dome, Width = half });
            p.Fill(new Box(0.65f, 0, 0.2f, neck), body with { Height = neck, Profile = Profile.Dome, Across = true, Width = neck });
        });
        s.Add(f, p => p.Fill(new Box(0.82f, 0, 0.13f, neck * 1.15f, 0.02f),
            cap with { Height = neck * 1.2f, Profile = Profile.Dome, Across = true, Width = neck * 1.15f }), removable: true);
        s.Add(f, p => p.Fill(new Box(-0.42f, 0, labelHalf, half * 0.99f, 0.01f),
            new() { Color = label, Gloss = 0.15f, OnTop = true, Height = 0.004f, Width = 0.01f, Grain = s.Fine, GrainAmount = 0.02f }), removable: true);
        Prints.Add(s, r, f.Inner(-0.42f, 0, labelHalf * 0.85f, r.Pick(0, 0.25f)), label.Luma > 0.45f ? Rgb.Hsv(r.Next(), 0.8f, 0.3f) : Rgb.Grey(0.93f));
    }

    /// <summary>Four holes, two holes, a rim.</summary>
    public static void Button(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var plastic = Finish.Plastic(s, r);
        int holes = r.Pick(2, 4);
        float rim = r.Between(0.08f, 0.25f), hole = r.Between(0.07f, 0.12f), away = r.Between(0.18f, 0.3f), turns = own.Next();
        s.Add(f with { Turns = f.Turns + turns }, p =>
        {
            p.Fill(new Circle(0, 0, 0.95f), plastic with
            {
                Height = 0.22f, Profile = Profile.Dome, Width = rim, Spots = s.Cloud, Second = plastic.Color * 0.85f,
            });
            p.Fill(new Circle(0, 0, 0.93f - rim), plastic with
            {
                Color = plastic.Color * 0.95f, Height = -0.08f, OnTop = true, Profile = Profile.Soft, Width = 0.1f,
            });
        });
        for (int k = 0; k < holes; k++)
        {
            float a = turns + ((k + 0.5f) / holes);
            s.Add(f.Inner(away * Exact.Cos(a), away * Exact.Sin(a), 1, 0), p => p.CutOut(new Circle(0, 0, hole)), removable: true);
        }
    }, 1, 0.45f);
}
