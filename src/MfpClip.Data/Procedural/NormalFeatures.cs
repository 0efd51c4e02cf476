using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>What catches the eye on a good surface and is no defect: drilled holes in a row, an edge, a label, a seam, rivets.</summary>
internal static class NormalFeatures
{
    public static void Add(Scene s)
    {
        var r = s.Random.Fork();
        if (!r.Chance(0.3f))
        {
            return;
        }

        bool straight = r.Chance(0.75f);
        float turns = straight ? (r.Below(4) * 0.25f) + r.Between(-0.01f, 0.01f) : r.Next();
        switch (r.Below(5))
        {
            case 0 when s.Parts.Count == 0:
                Border(s, r, turns);
                break;
            case 1:
                Row(s, r, turns, rivets: false);
                break;
            case 2:
                Row(s, r, turns, rivets: true);
                break;
            case 3:
                Label(s, r, turns);
                break;
            default:
                Seams(s, r, turns);
                break;
        }
    }

    // The surface ends within the image.
    private static void Border(Scene s, SeededRandom r, float turns)
    {
        float at = r.Between(0.3f, 0.46f);
        var ground = Rgb.Grey(r.Chance(0.6f) ? r.Between(0.02f, 0.2f) : r.Between(0.5f, 0.95f)).Vary(r, 0.05f);
        bool both = r.Chance(0.4f);
        foreach (float side in both ? [1f, -1f] : new[] { 1f })
        {
            var frame = new Frame(0.5f, 0.5f, 1, turns);
            // Painted into the base, so that nothing lies on the ground but the ground.
            var painter = new Painter(s.Base, s.Base, frame);
            var edge = new Box(side * (at + 0.6f), 0, 0.6f, 1.2f);
            painter.Fill(edge, new()
            {
                Color = ground, Gloss = 0.05f, Height = -0.012f, Width = 0.01f, IsProduct = false, Grain = s.Fine, GrainAmount = r.Between(0, 0.06f),
            });
            Clear(s, edge, frame);
        }
    }

    private static void Clear(Scene s, Box box, Frame frame)
    {
        float cos = Exact.Cos(frame.Turns), sin = Exact.Sin(frame.Turns);
        for (int i = 0; i < s.Base.Cover.Data.Length; i++)
        {
            float dx = (((i % s.Size) + 0.5f) / s.Size) - frame.X, dy = (((i / s.Size) + 0.5f) / s.Size) - frame.Y;
            float a = Math.Clamp(0.5f - (box.Distance((cos * dx) + (sin * dy), (cos * dy) - (sin * dx)) * s.Size), 0f, 1f);
            s.Base.Cover.Data[i] *= 1 - a;
        }
    }

    private static void Row(Scene s, SeededRandom r, float turns, bool rivets)
    {
        float radius = r.LogBetween(0.012f, 0.04f), pitch = radius * r.Between(3, 9), off = r.Between(-0.35f, 0.35f), start = r.Next();
        int rows = r.Chance(0.6f) ? 1 : r.Count(2, 3);
        var around = Finish.MetalColor(r);
        var frame = new Frame(0.5f, 0.5f, 1, turns);
        int reach = (int)(0.75f / pitch) + 1;
        for (int row = 0; row < rows; row++)
        {
            for (int k = -reach; k <= reach; k++)
            {
                s.Add(frame.Inner((k + start) * pitch, off + (row * pitch * 1.5f), radius, 0), p =>
                {
                    if (rivets)
                    {
                        p.Fill(new Circle(0, 0, 1), new() { Color = around, Gloss = 0.6f, Height = 0.5f, Profile = Profile.Dome, Width = 0.9f, OnTop = true });
                    }
                    else
                    {
                        p.Fill(new Circle(0, 0, 1), new() { Color = Rgb.Grey(0.04f), Gloss = 0.05f, Height = -0.6f, Width = 0.3f, OnTop = true });
                    }
                }, removable: true);
            }
        }
    }

    private static void Label(Scene s, SeededRandom r, float turns)
    {
        var color = r.Chance(0.6f) ? Rgb.Grey(r.Between(0.8f, 0.95f)) : Finish.AnyColor(r);
        float scale = r.Between(0.1f, 0.26f), slim = r.Between(0.35f, 0.9f), round = r.Chance(0.4f) ? 0.15f : 0.01f;
        var frame = new Frame(r.Between(0.2f, 0.8f), r.Between(0.2f, 0.8f), scale, turns);
        s.Add(frame, p => p.Fill(new Box(0, 0, 0.98f, slim, round),
            new() { Color = color, Gloss = 0.2f, Height = 0.012f, OnTop = true, Width = 0.02f, Grain = s.Fine, GrainAmount = 0.02f }), removable: true);
        Prints.Add(s, r, frame.Inner(0, 0, Math.Min(0.8f, slim), 0), color.Luma > 0.45f ? Rgb.Grey(r.Between(0.05f, 0.25f)) : Rgb.Grey(0.92f));
    }

    private static void Seams(Scene s, SeededRandom r, float turns)
    {
        int seams = r.Count(1, 3);
        float half = r.LogBetween(0.002f, 0.008f), pitch = r.Between(0.15f, 0.4f), off = r.Between(-0.2f, 0.2f), tone = r.Between(0.35f, 0.8f);
        for (int k = 0; k < seams; k++)
        {
            float y = off + ((k - ((seams - 1) * 0.5f)) * pitch);
            s.Add(new Frame(0.5f, 0.5f, 1, turns).Inner(0, y, 1, 0), p =>
                p.Fill(new Box(0, 0, 0.9f, half), new()
                {
                    Color = Rgb.Grey(0.05f), Opacity = 1 - tone, Height = -half, OnTop = true, Profile = Profile.Soft, Width = half, Gloss = 0.1f,
                }));
        }
    }
}
