using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Defects;

/// <summary>Scratches, cracks, threads, wrinkles, broken and bridged lines.</summary>
internal static class LineDefects
{
    /// <summary>One to four nearly parallel grooves, straight or in an arc, some interrupted.</summary>
    public static void Scratch(DefectSite d)
    {
        var r = d.Random;
        var region = new Region(d);
        var (x, y) = d.OnProduct();
        float half = r.LogBetween(0.0016f, 0.006f);
        int lines = r.Chance(0.6f) ? 1 : r.Count(2, 4);
        float length = Math.Clamp(d.Area / (2.2f * half * lines), 0.05f, 0.8f), turn = r.Next(),
            bow = r.Chance(0.4f) ? r.Between(-0.25f, 0.25f) : r.Between(-0.03f, 0.03f);
        for (int k = 0; k < lines; k++)
        {
            float off = (k - ((lines - 1) * 0.5f)) * half * r.Between(3, 7), own = length * r.Between(0.6f, 1);
            var (sx, sy) = (x - (off * Exact.Sin(turn)), y + (off * Exact.Cos(turn)));
            Arc(region, r, sx, sy, turn + r.Between(-0.01f, 0.01f), bow, own, half, r.Chance(0.3f));
        }

        region.OnProduct();
        if (r.Chance(0.5f))
        {
            region.Patchy(r.Between(0.2f, 0.7f));
        }

        var around = d.ColorAround(x, y, 0.04f);
        region.Color(d.Contrast(around), 0.35f + (0.6f * d.Strength)).Height(-half * r.Between(0.5f, 1.5f) * d.Strength).Gloss(r.Between(0.1f, 0.9f));
    }

    private static void Arc(Region region, SeededRandom r, float x, float y, float turn, float bow, float length, float half, bool dashed)
    {
        const int Steps = 14;
        float step = length / Steps, heading = turn - (bow * 0.5f);
        x -= length * 0.5f * Exact.Cos(turn);
        y -= length * 0.5f * Exact.Sin(turn);
        for (int k = 0; k < Steps; k++)
        {
            float nx = x + (step * Exact.Cos(heading)), ny = y + (step * Exact.Sin(heading));
            float from = Taper(k, Steps), to = Taper(k + 1, Steps);
            if (!dashed || r.Chance(0.65f))
            {
                region.Stroke(x, y, nx, ny, half * from, half * to);
            }

            (x, y) = (nx, ny);
            heading += bow / Steps;
        }

        static float Taper(int k, int steps) => 0.35f + (0.65f * Math.Min(1, 4 * Math.Min((float)k / steps, 1 - ((float)k / steps))));
    }

    /// <summary>A dark line that wanders and branches.</summary>
    public static void Crack(DefectSite d)
    {
        var r = d.Random;
        var region = new Region(d);
        var (x, y) = d.OnProduct();
        float half = r.LogBetween(0.0014f, 0.0055f), length = Math.Clamp(d.Area / (1.8f * half), 0.06f, 1.4f), turn = r.Next();
        Walk(region, r, x, y, turn, length * 0.5f, half, 2);
        Walk(region, r, x, y, turn + 0.5f + r.Between(-0.06f, 0.06f), length * 0.5f, half, 2);
        region.OnProduct();
        var around = d.ColorAround(x, y, 0.04f);
        bool dark = around.Luma > 0.16f;
        region.Color(dark ? around * (0.65f * (1 - d.Strength)) : Rgb.Grey(0.5f + (0.4f * d.Strength)), 0.5f + (0.5f * d.Strength))
            .Height(-half * (0.5f + d.Strength)).Gloss(0.05f);
    }

    private static void Walk(Region region, SeededRandom r, float x, float y, float turn, float length, float half, int branches)
    {
        float done = 0, wild = r.Between(0.02f, 0.09f);
        while (done < length)
        {
            float step = r.Between(0.008f, 0.03f);
            turn += wild * r.Normal();
            float nx = x + (step * Exact.Cos(turn)), ny = y + (step * Exact.Sin(turn));
            float left = Math.Max(0.3f, 1 - (done / length));
            float next = half * left * r.Between(0.55f, 1.25f);
            region.Stroke(x, y, nx, ny, half * left, next);
            (x, y) = (nx, ny);
            done += step;
            if (branches > 0 && r.Chance(0.14f))
            {
                Walk(region, r, x, y, turn + (r.Sign() * r.Between(0.06f, 0.18f)), (length - done) * r.Between(0.25f, 0.7f), half * 0.7f, branches - 1);
            }
        }
    }

    /// <summary>A hair, fibre or wire that lies on the product.</summary>
    public static void Thread(DefectSite d)
    {
        var r = d.Random;
        var region = new Region(d);
        var (x, y) = d.OnProduct();
        float half = r.LogBetween(0.0018f, 0.006f), length = Math.Clamp(d.Area / (2 * half), 0.08f, 1.3f), turn = r.Next(), curl = r.Between(-0.05f, 0.05f);
        var around = d.ColorAround(x, y, 0.05f);
        for (float done = 0; done < length; done += 0.02f)
        {
            curl = Math.Clamp(curl + (0.022f * r.Normal()), -0.09f, 0.09f);
            turn += curl;
            float nx = x + (0.02f * Exact.Cos(turn)), ny = y + (0.02f * Exact.Sin(turn));
            region.Stroke(x, y, nx, ny, half, half, half * 0.6f);
            (x, y) = (nx, ny);
        }

        var color = r.Chance(0.3f) ? Rgb.Mix(Finish.AnyColor(r), d.Contrast(around), 0.4f) : d.Contrast(around);
        region.Color(color, 0.75f + (0.25f * d.Strength)).Height(half * 1.4f).Gloss(r.Between(0, 0.5f));
    }

    /// <summary>A crease: one flank lit, the other in shade.</summary>
    public static void Wrinkle(DefectSite d)
    {
        var r = d.Random;
        var region = new Region(d);
        var (x, y) = d.OnProduct();
        float wide = r.Between(0.006f, 0.02f), length = Math.Clamp(d.Area / (1.6f * wide), 0.08f, 0.9f), turn = r.Next();
        int folds = r.Count(1, 3);
        for (int k = 0; k < folds; k++)
        {
            float own = turn + r.Between(-0.04f, 0.04f), bow = r.Between(-0.12f, 0.12f);
            float px = x + (k * wide * r.Between(-3, 3)), py = y + (k * wide * r.Between(-3, 3));
            const int Steps = 12;
            float step = length / folds / Steps;
            for (int i = 0; i < Steps; i++)
            {
                own += bow / Steps;
                float nx = px + (step * Exact.Cos(own)), ny = py + (step * Exact.Sin(own));
                float fade = 0.3f + (0.7f * Math.Min(1, 3 * Math.Min((i + 0.5f) / Steps, 1 - ((i + 0.5f) / Steps))));
                region.Stroke(px, py, nx, ny, wide * 0.1f, wide * 0.1f, wide * 1.6f * fade);
                (px, py) = (nx, ny);
            }
        }

        region.OnProduct().Height(r.Sign() * wide * (0.25f + (0.75f * d.Strength))).Tint(Rgb.Grey(1 + (r.Sign() * 0.3f * d.Strength)));
    }

    /// <summary>A conductor, thread or wire that is cut, nibbled, or joined to its neighbour; elsewhere a line of the pattern that is wiped out.</summary>
    public static void BrokenLine(DefectSite d)
    {
        var r = d.Random;
        var lines = d.Scene.Traces.Where(t => (t.Ax + t.Bx) * 0.5f is > 0.06f and < 0.94f && (t.Ay + t.By) * 0.5f is > 0.06f and < 0.94f).ToList();
        if (lines.Count == 0)
        {
            Wipe(d);
            return;
        }

        var line = lines[r.Below(lines.Count)];
        float dx = line.Bx - line.Ax, dy = line.By - line.Ay, length = MathF.Sqrt((dx * dx) + (dy * dy)) + 1e-6f;
        (dx, dy) = (dx / length, dy / length);
        float at = r.Between(0.2f, 0.8f) * length, x = line.Ax + (at * dx), y = line.Ay + (at * dy), half = Math.Max(line.Half, 1.2f / d.Size);
        float gap = Math.Clamp(d.Area / (2 * half), half * 0.7f, half * 7);
        var region = new Region(d);
        int form = r.Below(4);
        float side = r.Sign(), away = half * r.Between(2.3f, 3.2f);
        if (form < 2)
        {
            // Open: what lies beside the line is seen instead of it.
            region.Shape(new Blob(0, 0, 1, r, 0.15f), x, y, Math.Max(gap, half * 1.5f) * 0.75f);
            Shift(d, region, -dy * away * side, dx * away * side);
        }
        else if (form == 2)
        {
            // Mouse bite or spur at the line's edge.
            bool bite = r.Chance(0.5f);
            region.Shape(new Blob(0, 0, 1, r, 0.25f), x - (dy * half * side), y + (dx * half * side), half * r.Between(0.7f, 1.3f));
            float move = bite ? away * side : -half * side;
            Shift(d, region, -dy * move, dx * move);
        }
        else
        {
            // Short: the line's own material beside it.
            region.Stroke(x, y, x - (dy * half * 5 * side), y + (dx * half * 5 * side), half * r.Between(0.5f, 1), half * r.Between(0.4f, 1));
            var color = d.Layers.ColorAt(Pixel(d, x, y));
            region.Color(color, 1).Height(half * 0.3f).Gloss(0.4f);
        }
    }

    private static int Pixel(DefectSite d, float x, float y) =>
        (Math.Clamp((int)(y * d.Size), 0, d.Size - 1) * d.Size) + Math.Clamp((int)(x * d.Size), 0, d.Size - 1);

    // Replaces a region by what lies at an offset.
    private static void Shift(DefectSite d, Region region, float dx, float dy)
    {
        var moved = new Layers(d.Arena);
        var (from, to) = (d.Layers.All, moved.All);
        int size = d.Size;
        float[] a = region.Alpha.Data;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i] > 0)
            {
                for (int k = 0; k < 6; k++)
                {
                    to[k].Data[i] = from[k].Sample((i % size) + (dx * size), (i / size) + (dy * size));
                }
            }
        }

        region.Replace(moved, cover: true);
    }

    private static void Wipe(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        float turn = r.Chance(0.7f) ? r.Below(4) * 0.25f : r.Next(), half = r.Between(0.003f, 0.01f), length = Math.Clamp(d.Area / (2 * half), 0.06f, 0.7f);
        var region = new Region(d);
        float dx = Exact.Cos(turn) * length * 0.5f, dy = Exact.Sin(turn) * length * 0.5f;
        region.Stroke(x - dx, y - dy, x + dx, y + dy, half, half);
        region.OnProduct();
        region.Color(Rgb.Mix(d.ColorAround(x, y, 0.08f), d.Contrast(d.ColorAround(x, y, 0.08f)), 0.15f + (0.5f * d.Strength)), 0.7f + (0.3f * d.Strength))
            .Height(-half * 0.4f);
    }
}
