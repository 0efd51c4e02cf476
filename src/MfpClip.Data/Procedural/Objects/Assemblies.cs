using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Objects;

/// <summary>
/// Parts of no particular name: a body of one of many outlines with steps, bosses, pockets, holes, ribs, grooves and prints, symmetric or not.
/// </summary>
internal static class Assemblies
{
    private enum Outline
    {
        Disc,
        Box,
        Rounded,
        Polygon,
        Toothed,
        Bar,
        Ring,
        Blob,
    }

    public static void Machined(Scene scene) => Layout.Place(scene, (s, f, r, own) => Build(s, f, r, own, Finish.Metal), 0.8f, 0.7f);

    public static void Moulded(Scene scene) =>
        Layout.Place(scene, (s, f, r, own) => Build(s, f, r, own, r.Chance(0.8f) ? Finish.Plastic : Finish.Rubber), 0.8f, 0.65f);

    private static void Build(Scene s, Frame f, SeededRandom r, SeededRandom own, Func<Scene, SeededRandom, Paint> finish)
    {
        var body = finish(s, r);
        var outline = (Outline)r.Below(8);
        float slim = r.Between(0.4f, 1), edge = r.Between(0.02f, 0.3f), height = r.Between(0.06f, 0.35f), round = r.Between(0.02f, 0.3f);
        int sides = r.Count(3, 8), teeth = r.Count(6, 24);
        var profile = r.Pick(Profile.Bevel, Profile.Dome, Profile.Soft);
        var blob = new Blob(0, 0, 0.75f, r, 0.12f, r.Between(0.8f, 1.25f));
        var main = body with { Height = height, Width = edge, Profile = profile };
        s.Add(f, p => Body(p, outline, main, slim, round, sides, teeth, blob));
        // Features sit on a ring, in a row, on the corners, or in the middle.
        for (int layers = r.Count(1, 4); layers > 0; layers--)
        {
            Features(s, f, r, finish, body, outline == Outline.Bar ? 0.3f : slim);
        }

        if (r.Chance(0.35f))
        {
            Prints.Add(s, r, f.Inner(r.Between(-0.3f, 0.3f), r.Between(-0.3f, 0.3f) * slim, r.Between(0.2f, 0.4f), r.Pick(0, 0.25f)), body.Color.Luma > 0.4f
                ? Rgb.Grey(0.1f) : Rgb.Grey(0.85f), r.Chance(0.4f) ? -0.02f : 0);
        }
    }

    private static void Body(Painter p, Outline outline, Paint main, float slim, float round, int sides, int teeth, Blob blob)
    {
        switch (outline)
        {
            case Outline.Disc:
                p.Fill(new Circle(0, 0, 0.95f), main);
                break;
            case Outline.Box:
                p.Fill(new Box(0, 0, 0.9f, 0.9f * slim, 0.01f), main);
                break;
            case Outline.Rounded:
                p.Fill(new Box(0, 0, 0.93f, 0.93f * slim, round * slim), main);
                break;
            case Outline.Polygon:
                p.Fill(new Polygon(sides, sides < 5 ? 0.62f : 0.8f, round * 0.3f), main);
                break;
            case Outline.Toothed:
                p.Fill(new Toothed(0.85f, teeth, 0.08f, round, 0), main);
                break;
            case Outline.Bar:
                p.Fill(new Box(0, 0, 0.95f, 0.3f, 0.05f), main with { Across = true, Width = 0.3f, Height = 0.3f, Profile = Profile.Dome });
                break;
            case Outline.Ring:
                p.Fill(new Ring(0.72f, 0.22f), main);
                break;
            default:
                p.Fill(blob, main);
                break;
        }
    }

    private static void Features(Scene s, Frame f, SeededRandom r, Func<Scene, SeededRandom, Paint> finish, Paint body, float slim)
    {
        int kind = r.Below(7), count = r.Pick(1, 1, 2, 3, 4, 6, 8);
        float size = r.Between(0.06f, 0.3f) / (count > 4 ? 2 : 1), away = r.Between(0.3f, 0.7f), turns = r.Next();
        bool row = r.Chance(0.35f);
        var other = r.Chance(0.3f) ? finish(s, r) : body;
        int sides = r.Count(3, 6);
        for (int k = 0; k < count; k++)
        {
            float a = ((float)k / count) + turns, x, y;
            if (count == 1)
            {
                (x, y) = r.Chance(0.6f) ? (0, 0) : (away * Exact.Cos(a), away * slim * Exact.Sin(a));
            }
            else if (row)
            {
                (x, y) = (((k + 0.5f) / count * 1.5f) - 0.75f, (away - 0.5f) * slim);
            }
            else
            {
                (x, y) = (away * Exact.Cos(a), away * slim * Exact.Sin(a));
            }

            var frame = f.Inner(x, y, size, row ? 0 : a);
            s.Add(frame, p =>
            {
                switch (kind)
                {
                    case 0:
                        p.CutOut(new Circle(0, 0, 1));
                        break;
                    case 1:
                        p.Fill(new Circle(0, 0, 1), other with { Height = 0.5f, OnTop = true, Width = 0.2f });
                        p.Fill(new Circle(0, 0, 0.5f), other with { Color = other.Color * 0.3f, Height = -0.6f, OnTop = true, Width = 0.1f });
                        break;
                    case 2:
                        p.Fill(new Box(0, 0, 1, 0.55f, 0.1f), other with
                        {
                            Color = other.Color * 0.9f, Height = -0.35f, OnTop = true, OnProductOnly = true, Width = 0.12f,
                        });
                        break;
                    case 3:
                        p.Fill(new Box(0, 0, 1.2f, 0.16f, 0.05f), other with { Height = 0.35f, OnTop = true, Width = 0.1f });
                        break;
                    case 4:
                        p.Fill(new Polygon(sides, 0.8f, 0.05f), other with { Height = 0.4f, OnTop = true, Width = 0.15f });
                        break;
                    case 5:
                        p.Fill(new Ring(0.8f, 0.16f), other with
                        {
                            Color = other.Color * 0.75f, Height = -0.15f, OnTop = true, OnProductOnly = true, Width = 0.08f,
                        });
                        break;
                    default:
                        p.CutOut(new Stroke(-0.7f, 0, 0.7f, 0, 0.3f, 0.3f));
                        break;
                }
            }, removable: true);
        }
    }
}
