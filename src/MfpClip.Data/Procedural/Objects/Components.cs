using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Objects;

/// <summary>Electrical parts and zips.</summary>
internal static class Components
{
    /// <summary>A housing with rows of pins or sockets.</summary>
    public static void Connector(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var housing = Finish.Plastic(s, r);
        var pin = Finish.Metal(s, r) with { Height = 0.12f, Width = 0.03f };
        int columns = r.Count(2, 9), rows = r.Count(1, 2);
        float slim = r.Between(0.3f, 0.5f), pitch = 1.6f / columns, hole = Math.Min(pitch * 0.38f, slim * 0.38f / rows * 1.3f);
        bool round = r.Chance(0.4f), latch = r.Chance(0.5f);
        s.Add(f, p =>
        {
            if (latch)
            {
                p.Fill(new Box(0, -slim - 0.05f, 0.3f, 0.12f, 0.03f), housing with { Color = housing.Color * 0.9f, Height = 0.08f });
            }

            p.Fill(new Box(0, 0, 0.95f, slim, 0.05f), housing with { Height = 0.2f, Width = 0.05f });
            p.Fill(new Box(0, 0, 0.87f, slim - 0.08f, 0.03f), housing with { Color = housing.Color * 0.85f, Height = -0.1f, OnTop = true, Width = 0.04f });
        });
        for (int x = 0; x < columns; x++)
        {
            for (int y = 0; y < rows; y++)
            {
                float px = ((x + 0.5f) * pitch) - 0.8f, py = (y - ((rows - 1) * 0.5f)) * slim * 0.8f;
                var inner = f.Inner(px, py, 1, 0);
                s.Add(inner, p => p.Fill(new Box(0, 0, hole, hole, 0.01f), new() { Color = Rgb.Grey(0.05f), Gloss = 0.05f, Height = -0.1f, OnTop = true }));
                s.Add(inner, p =>
                {
                    if (round)
                    {
                        p.Fill(new Circle(0, 0, hole * 0.55f), pin with { Profile = Profile.Dome, Width = hole * 0.5f });
                    }
                    else
                    {
                        p.Fill(new Box(0, 0, hole * 0.4f, hole * 0.65f), pin);
                    }
                }, removable: true);
            }
        }
    }, 0.55f, 0.65f);

    /// <summary>A chip in its package, legs on two or four sides.</summary>
    public static void Chip(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var body = new Paint
        {
            Color = Rgb.Grey(r.Between(0.06f, 0.2f)), Gloss = r.Between(0.1f, 0.4f), Grain = s.Fine, GrainAmount = r.Between(0.03f, 0.15f), Height = 0.15f,
            Width = 0.05f,
        };
        var leg = Finish.Metal(s, r) with { Height = 0.06f, Width = 0.02f };
        bool four = r.Chance(0.4f);
        int legs = r.Count(4, 12);
        float slim = four ? 1 : r.Between(0.4f, 0.8f), reach = 0.2f, width = 1.5f / legs * 0.28f;
        float bx = four ? 0.72f : 0.93f, by = four ? 0.72f : (0.95f * slim) - reach;
        for (int k = 0; k < legs; k++)
        {
            float at = ((k + 0.5f) / legs * 1.8f * bx) - (0.9f * bx);
            for (int side = 0; side < (four ? 4 : 2); side++)
            {
                var inner = f.Inner(0, 0, 1, four ? side * 0.25f : side * 0.5f);
                s.Add(inner, p =>
                {
                    p.Fill(new Box(at, by + (reach * 0.5f), width, reach * 0.5f), leg);
                    p.Fill(new Box(at, by + (reach * 0.85f), width * 0.8f, reach * 0.15f), leg with { Height = 0.02f });
                }, removable: true);
            }
        }

        s.Add(f, p =>
        {
            p.Fill(new Box(0, 0, bx, by, 0.02f), body);
            p.Fill(new Circle(-bx + 0.17f, by - 0.15f, 0.06f), body with { Color = body.Color * 0.6f, Height = 0.12f });
        });
        Prints.Add(s, r, f.Inner(0, 0, Math.Min(bx, by * 1.4f) * 0.75f, 0), Rgb.Grey(r.Between(0.45f, 0.9f)));
    }, 0.8f, 0.6f);

    /// <summary>Round cells: from the side with a sleeve, from above with a pole.</summary>
    public static void Battery(Scene scene)
    {
        if (scene.Random.Chance(0.6f))
        {
            Layout.Place(scene, BatterySide, 0.45f, 0.55f);
        }
        else
        {
            Layout.Place(scene, BatteryTop, 1, 0.5f);
        }
    }

    private static void BatterySide(Scene s, Frame f, SeededRandom r, SeededRandom own)
    {
        var sleeve = Finish.Plastic(s, r) with { Gloss = r.Between(0.3f, 0.8f), RoughAmount = 0 };
        var metal = Finish.Metal(s, r) with { Turned = 0 };
        var band = Finish.AnyColor(r);
        float half = r.Between(0.22f, 0.4f), split = r.Between(-0.3f, 0.5f);
        bool banded = r.Chance(0.6f);
        s.Add(f, p =>
        {
            p.Fill(new Box(0.92f, 0, 0.05f, half * 0.35f), metal with { Height = half * 0.35f, Profile = Profile.Dome, Across = true, Width = half * 0.35f });
            p.Fill(new Box(0, 0, 0.9f, half, 0.04f), metal with { Height = half, Profile = Profile.Dome, Across = true, Width = half });
            p.Fill(new Box(0, 0, 0.85f, half), sleeve with { Height = half, Profile = Profile.Dome, Across = true, Width = half });
            if (banded)
            {
                p.Fill(new Box((split + 0.85f) / 2, 0, (0.85f - split) / 2, half), sleeve with
                {
                    Color = band, Height = half, Profile = Profile.Dome, Across = true, Width = half,
                });
            }
        });
        Prints.Add(s, r, f.Inner(-0.3f, 0, half * 0.95f, 0), sleeve.Color.Luma > 0.45f ? Rgb.Grey(0.1f) : Rgb.Grey(0.92f));
    }

    private static void BatteryTop(Scene s, Frame f, SeededRandom r, SeededRandom own)
    {
        var metal = Finish.Metal(s, r);
        float pole = r.Between(0.25f, 0.85f), groove = r.Between(0.85f, 0.92f);
        s.Add(f, p =>
        {
            p.Fill(new Circle(0, 0, 0.96f), metal with { Height = 0.15f, Profile = Profile.Dome, Width = 0.08f });
            p.Fill(new Ring(groove, 0.025f), new() { Color = Rgb.Grey(0.12f), Gloss = 0.1f, Height = -0.03f, OnTop = true });
            p.Fill(new Circle(0, 0, pole), metal with { Height = 0.08f, OnTop = true, Width = 0.08f });
        });
        if (pole > 0.5f)
        {
            Prints.Add(s, r, f.Inner(0, 0, pole * 0.75f, 0), metal.Color * 0.45f, -0.02f);
        }
    }

    /// <summary>Teeth of metal or plastic between two tapes.</summary>
    public static void Zip(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var teeth = (r.Chance(0.6f) ? Finish.Metal(s, r) : Finish.Plastic(s, r)) with { Turned = 0 };
        var tape = Finish.AnyColor(r);
        float pitch = r.Between(0.07f, 0.15f), length = pitch * r.Between(0.9f, 1.4f), wide = r.Between(0.3f, 0.6f), weave = r.Between(180, 340);
        float stretch = 1.7f;
        s.Add(f, p =>
        {
            p.Fill(new Box(0, 0, stretch, wide), new()
            {
                Color = tape, Gloss = 0.05f, Grain = s.Fine, GrainAmount = 0.12f, Height = 0.03f, Rough = s.Fine, RoughAmount = 0.0006f,
            });
            for (float x = -stretch; x < stretch; x += pitch * 0.25f)
            {
                p.Fill(new Box(x, 0, pitch * 0.04f, wide), new() { Color = tape * 0.7f, Opacity = 0.5f, OnTop = true, Height = -0.003f });
            }

            p.Fill(new Box(0, 0, stretch, length * 1.1f), new() { Color = tape * 0.8f, Gloss = 0.05f, Height = 0.045f, Grain = s.Fine, GrainAmount = 0.1f });
        });
        int k = 0;
        for (float x = -stretch; x < stretch; x += pitch * 0.5f, k++)
        {
            float side = (k & 1) == 0 ? 1 : -1;
            var (ax, ay) = f.ToImage(x, 0);
            if (ax is < -0.05f or > 1.05f || ay is < -0.05f or > 1.05f)
            {
                continue;
            }

            s.Add(f.Inner(x, 0, 1, 0), p =>
            {
                p.Fill(new Box(0, side * length * 0.4f, pitch * 0.2f, length * 0.6f, pitch * 0.08f), teeth with
                {
                    Height = 0.09f, Profile = Profile.Dome, Width = pitch * 0.18f,
                });
                p.Fill(new Circle(0, -side * length * 0.1f, pitch * 0.27f), teeth with { Height = 0.1f, Profile = Profile.Dome, Width = pitch * 0.25f });
            }, removable: true);
        }

        if (r.Chance(0.25f))
        {
            s.Add(f.Inner(r.Between(-0.5f, 0.5f), 0, 1, 0), p =>
            {
                p.Fill(new Box(0, 0, 0.18f, length * 1.5f, 0.06f), teeth with { Height = 0.16f, Width = 0.06f });
                p.Fill(new Stroke(0.15f, 0, 0.5f, 0.03f, 0.07f, 0.09f), teeth with { Height = 0.2f, Width = 0.04f });
            });
        }
    }, 0.7f, 0.85f);

    /// <summary>A body with coloured bands and two wires.</summary>
    public static void Resistor(Scene scene) => Layout.Place(scene, (s, f, r, own) =>
    {
        var body = (Finish.Plastic(s, r) with { Color = r.Pick(new Rgb(0.78f, 0.66f, 0.46f), new Rgb(0.4f, 0.62f, 0.75f), new Rgb(0.3f, 0.5f, 0.35f),
            new Rgb(0.6f, 0.25f, 0.18f)).Vary(r, 0.15f) }) with { RoughAmount = 0 };
        var wire = Finish.Metal(s, r) with { Turned = 0 };
        float half = r.Between(0.15f, 0.24f), length = r.Between(0.38f, 0.55f), thin = r.Between(0.025f, 0.045f);
        bool bone = r.Chance(0.6f);
        var (ax, ay) = f.ToImage(-0.97f, 0);
        var (bx, by) = f.ToImage(-length, 0);
        s.Traces.Add(new(ax, ay, bx, by, thin * f.Scale));
        s.Add(f, p =>
        {
            p.Fill(new Stroke(-0.97f, 0, 0.97f, 0, thin, thin), wire with { Height = thin * 2, Profile = Profile.Dome, Width = thin });
            p.Fill(new Box(0, 0, length, half * 0.85f, 0.08f), body with { Height = half, Profile = Profile.Dome, Across = true, Width = half * 0.87f });
            if (bone)
            {
                p.Fill(new Circle(-length + half, 0, half), body with { Height = half * 1.1f, Profile = Profile.Dome, Width = half });
                p.Fill(new Circle(length - half, 0, half), body with { Height = half * 1.1f, Profile = Profile.Dome, Width = half });
            }
        });
        int bands = r.Count(3, 5);
        for (int k = 0; k < bands; k++)
        {
            var color = r.Pick(new Rgb(0.1f, 0.08f, 0.07f), new Rgb(0.45f, 0.2f, 0.1f), new Rgb(0.75f, 0.1f, 0.1f), new Rgb(0.9f, 0.5f, 0.1f),
                new Rgb(0.85f, 0.8f, 0.15f), new Rgb(0.15f, 0.5f, 0.2f), new Rgb(0.15f, 0.25f, 0.65f), new Rgb(0.7f, 0.6f, 0.3f));
            float at = ((k + 0.5f) / bands * 1.3f * length) - (0.65f * length), tall = bone && Math.Abs(at) > length - (2 * half) ? half * 0.95f : half * 0.85f;
            s.Add(f, p => p.Fill(new Box(at, 0, length * 0.07f, tall),
                body with { Color = color, OnTop = true, Height = 0.002f, OnProductOnly = true }), removable: true);
        }
    }, 0.4f, 0.5f);
}
