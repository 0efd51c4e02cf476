using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Objects;

/// <summary>Gears, bearings, springs, sheet parts, rings, hoses.</summary>
internal static class Machinery
{
    /// <summary>A spur gear with a hub, lightening holes, a keyway.</summary>
    public static void Gear(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var metal = r.Chance(0.7f) ? Finish.Metal(s, r) : Finish.Plastic(s, r);
        int teeth = r.Count(10, 40), holes = r.Chance(0.6f) ? r.Count(3, 7) : 0;
        float depth = Math.Min(0.12f, 1.6f / teeth), bore = r.Between(0.1f, 0.25f), hub = bore + r.Between(0.08f, 0.2f), holeSize = r.Between(0.08f, 0.15f);
        float web = r.Chance(0.5f) ? r.Between(0.05f, 0.12f) : 0, turns = own.Next();
        bool key = r.Chance(0.4f);
        var frame = f with { Turns = f.Turns + turns };
        s.Add(frame, p =>
        {
            p.Fill(new Toothed(0.95f - depth, teeth, depth, 0.6f, 0), metal with { Height = 0.18f, Width = 0.03f });
            if (web > 0)
            {
                p.Fill(new Ring((hub + 0.8f - depth) / 2, (0.8f - depth - hub) / 2), metal with
                {
                    Color = metal.Color * 0.9f, Height = -web, OnTop = true, Width = 0.05f,
                });
            }

            p.Fill(new Circle(0, 0, hub), metal with { Height = 0.06f, OnTop = true, Width = 0.03f });
            p.CutOut(new Circle(0, 0, bore));
            if (key)
            {
                p.CutOut(new Box(bore, 0, bore * 0.35f, bore * 0.3f));
            }

            for (int k = 0; k < holes; k++)
            {
                float a = (float)k / holes, d = (hub + 0.8f - depth) / 2;
                p.CutOut(new Circle(d * Exact.Cos(a), d * Exact.Sin(a), holeSize));
            }
        });
    }, 1, 0.65f);

    /// <summary>Two rings with balls or a shield between.</summary>
    public static void Bearing(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var metal = Finish.Metal(s, r);
        float outer = r.Between(0.72f, 0.8f), inner = r.Between(0.42f, 0.52f), bore = r.Between(0.28f, 0.36f), turns = own.Next();
        bool shield = r.Chance(0.4f);
        var seal = r.Chance(0.5f) ? Finish.Rubber(s, r) : metal with { Color = metal.Color * 0.85f };
        int balls = r.Count(7, 13);
        s.Add(f, p =>
        {
            p.Fill(new Circle(0, 0, 0.96f), metal with { Height = 0.2f, Width = 0.04f });
            p.Fill(new Circle(0, 0, outer), new() { Color = Rgb.Grey(0.08f), Height = 0.05f, Gloss = 0.1f });
            p.Fill(new Circle(0, 0, inner), metal with { Height = 0.2f, Width = 0.04f });
            p.CutOut(new Circle(0, 0, bore));
            if (shield)
            {
                p.Fill(new Ring((outer + inner) / 2, ((outer - inner) / 2) - 0.015f), seal with { Height = 0.15f, Width = 0.06f });
            }
        });
        if (!shield)
        {
            float d = (outer + inner) / 2, size = Math.Min(((outer - inner) / 2) * 0.95f, d * 2.6f / balls);
            for (int k = 0; k < balls; k++)
            {
                float a = ((float)k / balls) + turns;
                s.Add(f.Inner(d * Exact.Cos(a), d * Exact.Sin(a), size, 0), p => p.Fill(new Circle(0, 0, 1),
                    metal with { Gloss = 0.95f, Height = 1.1f, Profile = Profile.Dome, Width = 1, Turned = 0 }), removable: true);
            }
        }
        else if (r.Chance(0.6f))
        {
            Prints.Add(s, r, f.Inner(0, -(outer + inner) / 2, 0.17f, 0), seal.Color.Luma > 0.4f ? Rgb.Grey(0.15f) : Rgb.Grey(0.7f));
        }
    }, 1, 0.65f);

    /// <summary>A coil from the side.</summary>
    public static void Spring(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var metal = Finish.Metal(s, r);
        int turns = r.Count(6, 16);
        float half = r.Between(0.16f, 0.34f), pitch = 1.8f / turns, wire = Math.Min(pitch * r.Between(0.16f, 0.36f), 0.06f);
        for (int k = 0; k < turns; k++)
        {
            float x = -0.9f + ((k + 0.5f) * pitch);
            float far = x + (pitch * 0.5f);
            s.Add(f, p => p.Fill(new Stroke(far, half, far - (pitch * 0.5f) + (pitch * 0.5f), -half, wire * 0.8f, wire * 0.8f), metal with
            {
                Color = metal.Color * 0.45f, Height = wire, Profile = Profile.Dome, Width = wire,
            }));
        }

        for (int k = 0; k < turns; k++)
        {
            float x = -0.9f + ((k + 0.5f) * pitch);
            var (ax, ay) = f.ToImage(x - (pitch * 0.5f), -half);
            var (bx, by) = f.ToImage(x + (pitch * 0.5f), half);
            s.Traces.Add(new(ax, ay, bx, by, wire * f.Scale));
            s.Add(f, p => p.Fill(new Stroke(x - (pitch * 0.5f), -half, x + (pitch * 0.5f), half, wire, wire),
                metal with { Height = wire * 2.4f, Profile = Profile.Dome, Width = wire, Turned = 0 }), removable: true);
        }
    }, 0.5f, 0.7f);

    /// <summary>A bent or flat plate with holes and slots.</summary>
    public static void SheetPart(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var metal = r.Chance(0.75f) ? Finish.Metal(s, r) : Finish.Plastic(s, r);
        float slim = r.Between(0.45f, 0.95f), round = r.Between(0, 0.3f);
        int across = r.Count(1, 4), down = r.Count(1, 2);
        float hole = r.Between(0.06f, 0.14f), fold = r.Between(-0.6f, 0.6f);
        bool slots = r.Chance(0.35f), folded = r.Chance(0.4f);
        s.Add(f, p =>
        {
            p.Fill(new Box(0, 0, 0.95f, 0.95f * slim, round * slim), metal with { Height = 0.07f, Width = 0.025f });
            if (folded)
            {
                p.Fill(new Box(fold, 0, 0.05f, 0.95f * slim), metal with
                {
                    Height = 0.09f, OnTop = true, OnProductOnly = true, Profile = Profile.Soft, Width = 0.05f,
                });
            }
        });
        for (int x = 0; x < across; x++)
        {
            for (int y = 0; y < down; y++)
            {
                float px = across == 1 ? 0 : ((x / (across - 1f)) - 0.5f) * 1.5f, py = down == 1 ? 0 : ((y / (down - 1f)) - 0.5f) * 1.3f * slim;
                s.Add(f.Inner(px, py, 1, 0), p =>
                {
                    if (slots)
                    {
                        p.CutOut(new Stroke(-hole, 0, hole, 0, hole * 0.5f, hole * 0.5f));
                    }
                    else
                    {
                        p.CutOut(new Circle(0, 0, hole));
                    }
                }, removable: true);
            }
        }

        if (r.Chance(0.3f))
        {
            Prints.Add(s, r, f.Inner(r.Between(-0.4f, 0.4f), r.Between(-0.3f, 0.3f) * slim, 0.25f, 0), metal.Color * 0.35f, r.Chance(0.5f) ? 0 : -0.02f);
        }
    }, 0.8f, 0.65f);

    /// <summary>A seal.</summary>
    public static void RubberRing(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var rubber = Finish.Rubber(s, r);
        float half = r.Between(0.06f, 0.2f);
        bool flat = r.Chance(0.3f);
        s.Add(f, p => p.Fill(new Ring(0.95f - half, half), rubber with
        {
            Height = half, Profile = flat ? Profile.Bevel : Profile.Dome, Width = flat ? 0.03f : half,
        }));
    }, 1, 0.5f);

    /// <summary>Cores in a sheath, cut across.</summary>
    public static void Cable(Scene scene)
    {
        if (scene.Random.Chance(0.5f))
        {
            Layout.Place(scene, Section, 1, 0.8f);
        }
        else
        {
            Layout.Place(scene, Harness, 0.6f, 1);
        }
    }

    private static void Section(Scene s, Frame f, SeededRandom r, SeededRandom own)
    {
        int cores = r.Count(2, 5);
        float turns = own.Next(), wall = r.Between(0.08f, 0.2f);
        var sheath = Finish.Plastic(s, r);
        var filler = Finish.Plastic(s, r) with { Gloss = 0.1f };
        var copper = r.Chance(0.75f) ? new Rgb(0.74f, 0.46f, 0.28f) : Rgb.Grey(0.7f);
        s.Add(f, p =>
        {
            p.Fill(new Circle(0, 0, 0.96f), sheath with { Height = 0.1f, Width = 0.03f });
            p.Fill(new Circle(0, 0, 0.96f - wall), filler with { Height = 0.05f });
        });
        float inside = 0.94f - wall, size = inside * Exact.Sin(0.5f / cores) / (1 + Exact.Sin(0.5f / cores));
        int strands = r.Pick(7, 19);
        for (int k = 0; k < cores; k++)
        {
            float a = ((float)k / cores) + turns, d = inside - size;
            var insulation = Finish.Plastic(s, r) with { Height = 0.2f, Width = 0.1f };
            s.Add(f.Inner(d * Exact.Cos(a), d * Exact.Sin(a), size * 0.97f, a), p =>
            {
                p.Fill(new Circle(0, 0, 1), insulation);
                p.Fill(new Circle(0, 0, 0.58f), new() { Color = copper * 0.35f, Height = 0.1f });
                float wire = strands == 7 ? 0.185f : 0.112f;
                for (int w = 0; w < strands; w++)
                {
                    int ring = w == 0 ? 0 : w < 7 ? 1 : 2;
                    float b = ring == 0 ? 0 : ring == 1 ? (w - 1) / 6f : (w - 7) / 12f, at = ring * wire * 2;
                    p.Fill(new Circle(at * Exact.Cos(b), at * Exact.Sin(b), wire), new()
                    {
                        Color = copper, Gloss = 0.7f, Height = 0.25f, Profile = Profile.Dome, Width = wire,
                    });
                }
            }, removable: true);
        }
    }

    private static void Harness(Scene s, Frame f, SeededRandom r, SeededRandom own)
    {
        int cables = r.Count(2, 8);
        float half = r.Between(0.05f, 0.95f / cables * 0.9f), pitch = half * r.Between(2.02f, 2.8f);
        half = Math.Min(half, 0.14f);
        pitch = Math.Max(Math.Min(pitch, 0.34f), half * 2.02f);
        bool same = r.Chance(0.4f);
        var first = Finish.Plastic(s, r);
        float stretch = 1.7f / f.Scale;
        for (int k = 0; k < cables; k++)
        {
            var paint = (same ? first : Finish.Plastic(s, r)) with { Height = half, Profile = Profile.Dome, Width = half };
            float y = (k - ((cables - 1) * 0.5f)) * pitch, lean = own.Between(-0.02f, 0.02f);
            s.Add(f, p => p.Fill(new Stroke(-stretch, y - lean, stretch, y + lean, half, half), paint), removable: true);
        }

        if (r.Chance(0.4f))
        {
            var tie = Finish.Plastic(s, r);
            float at = r.Between(-0.4f, 0.4f), reach = (cables * 0.5f * pitch) + 0.02f;
            s.Add(f, p => p.Fill(new Box(at, 0, 0.05f, reach, 0.02f), tie with { Height = half * 1.3f, Width = 0.03f }), removable: true);
        }
    }
}
