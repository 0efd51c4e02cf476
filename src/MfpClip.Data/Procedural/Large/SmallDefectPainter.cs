using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Large;

/// <summary>Paints a defect whose mask is exactly as large as asked for into the pixels of a picture.</summary>
internal static class SmallDefectPainter
{
    // Of 255: what is visible, as in smaller rendered images.
    private const int Visible = 6;

    // Steps in which the shape is scaled until its mask has the size.
    private const int Steps = 12;

    /// <summary>The defect; <see langword="null"/>, and nothing changed: it cannot be made visible there at this size.</summary>
    /// <param name="pixels">Of the picture.</param>
    /// <param name="mask">Of the picture.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="kind">Scratch, contamination, hole or stain.</param>
    /// <param name="x">Its middle.</param>
    /// <param name="y">Its middle.</param>
    /// <param name="size">Longer side of the mask's box.</param>
    /// <param name="random">Shape, contrast and grain.</param>
    public static SmallDefect? Paint(byte[] pixels, bool[] mask, int width, DefectKind kind, int x, int y, int size, SeededRandom random)
    {
        int reach = Math.Min(size, Math.Min(Math.Min(x, y), Math.Min(width - 1 - x, (mask.Length / width) - 1 - y))), side = (2 * reach) + 1;
        var before = Cut(pixels, width, x - reach, y - reach, side);
        var (mean, deviation) = Surroundings(before, side, size);
        var ink = Ink.Draw(random, kind, mean, deviation);
        ulong shape = random.Bits(), grain = random.Bits();
        float scale = 1;
        for (int step = 0; step < Steps; step++)
        {
            var after = Apply(before, side, Alpha(kind, side, size * scale, new(shape)), ink, new(grain));
            var change = Changed(before, after);
            var (left, top, right, bottom, area, sum) = Extent(change, side);
            int found = Math.Max(right - left, bottom - top) + 1;
            if (area == 0 || !IsOne(change, side, area))
            {
                return null;
            }

            if (found == size)
            {
                float contrast = (float)sum / area;
                // Out of the texture it must stand, too.
                if (contrast < 10 + (0.5f * deviation * 255))
                {
                    return null;
                }

                Write(pixels, mask, width, x - reach, y - reach, side, after, change);
                return new(kind, x - reach + left, y - reach + top, right - left + 1, bottom - top + 1, area, contrast);
            }

            scale *= 1 + ((size - found) * 0.7f / size);
        }

        return null;
    }

    // How much each pixel is changed, 0 to 1.
    private static float[] Alpha(DefectKind kind, int side, float size, SeededRandom r)
    {
        var alpha = new float[side * side];
        float middle = side / 2f, cx = middle + r.Between(-0.4f, 0.4f), cy = middle + r.Between(-0.4f, 0.4f);
        float soft = kind == DefectKind.Stain ? Math.Max(1.2f, size * r.Between(0.08f, 0.2f)) : 1.2f;
        if (kind == DefectKind.Scratch)
        {
            Scratch(alpha, side, size, cx, cy, r);
            return alpha;
        }

        var blob = new Blob(cx, cy, size * 0.42f, r, kind == DefectKind.Hole ? 0.1f : 0.3f, r.Between(0.8f, 1.25f));
        for (int i = 0; i < alpha.Length; i++)
        {
            alpha[i] = Math.Clamp(0.5f - (blob.Distance((i % side) + 0.5f, (i / side) + 0.5f) / soft), 0f, 1f);
        }

        return alpha;
    }

    // A thin line, slightly bent, of three strokes.
    private static void Scratch(float[] alpha, int side, float size, float cx, float cy, SeededRandom r)
    {
        float turn = r.Next(), bow = r.Between(-0.06f, 0.06f), half = Math.Clamp(size * r.Between(0.012f, 0.035f), 0.6f, 2);
        float step = (size - (2 * half)) / 3 / Math.Max(Math.Abs(Exact.Cos(turn)), Math.Abs(Exact.Sin(turn)));
        float x = cx - (1.5f * step * Exact.Cos(turn)), y = cy - (1.5f * step * Exact.Sin(turn));
        for (int k = 0; k < 3; k++)
        {
            float heading = turn + (bow * (k - 1)), nx = x + (step * Exact.Cos(heading)), ny = y + (step * Exact.Sin(heading));
            var stroke = new Stroke(x, y, nx, ny, half, half);
            for (int i = 0; i < alpha.Length; i++)
            {
                alpha[i] = Math.Max(alpha[i], Math.Clamp(0.5f - (stroke.Distance((i % side) + 0.5f, (i / side) + 0.5f) / 1.2f), 0f, 1f));
            }

            (x, y) = (nx, ny);
        }
    }

    private static byte[] Apply(byte[] before, int side, float[] alpha, Ink ink, SeededRandom grain)
    {
        var after = (byte[])before.Clone();
        for (int i = 0; i < side * side; i++)
        {
            float rough = ink.Grain * grain.Normal();
            for (int c = 0; alpha[i] > 0 && c < 3; c++)
            {
                float v = before[(3 * i) + c] / 255f;
                // What lies on the surface hides its texture, what goes into it keeps some.
                float to = ink.Cover * (ink[c] + rough) + ((1 - ink.Cover) * (v + ink.Delta(c)));
                after[(3 * i) + c] = (byte)((Math.Clamp(v + (alpha[i] * (to - v)), 0f, 1f) * 255) + 0.5f);
            }
        }

        return after;
    }

    private static byte[] Cut(byte[] pixels, int width, int left, int top, int side)
    {
        var part = new byte[side * side * 3];
        for (int y = 0; y < side; y++)
        {
            pixels.AsSpan((((top + y) * width) + left) * 3, side * 3).CopyTo(part.AsSpan(y * side * 3));
        }

        return part;
    }

    private static void Write(byte[] pixels, bool[] mask, int width, int left, int top, int side, byte[] after, int[] change)
    {
        for (int i = 0; i < change.Length; i++)
        {
            if (change[i] >= Visible)
            {
                int at = ((top + (i / side)) * width) + left + (i % side);
                mask[at] = true;
                after.AsSpan(3 * i, 3).CopyTo(pixels.AsSpan(3 * at));
            }
        }
    }

    private static int[] Changed(byte[] before, byte[] after)
    {
        var change = new int[before.Length / 3];
        for (int i = 0; i < before.Length; i++)
        {
            change[i / 3] = Math.Max(change[i / 3], Math.Abs(before[i] - after[i]));
        }

        return change;
    }

    private static (int Left, int Top, int Right, int Bottom, int Area, long Sum) Extent(int[] change, int side)
    {
        var (left, top, right, bottom, area, sum) = (side, side, -1, -1, 0, 0L);
        for (int i = 0; i < change.Length; i++)
        {
            if (change[i] >= Visible)
            {
                var (x, y) = (i % side, i / side);
                (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x), Math.Max(bottom, y));
                (area, sum) = (area + 1, sum + change[i]);
            }
        }

        return (left, top, right, bottom, area, sum);
    }

    // One region, 8-connected.
    private static bool IsOne(int[] change, int side, int area)
    {
        var open = new Stack<int>();
        var seen = new bool[change.Length];
        int start = Array.FindIndex(change, c => c >= Visible), count = 0;
        open.Push(start);
        seen[start] = true;
        while (open.TryPop(out int at))
        {
            count++;
            int x = at % side, y = at / side;
            for (int ny = Math.Max(y - 1, 0); ny <= Math.Min(y + 1, side - 1); ny++)
            {
                for (int nx = Math.Max(x - 1, 0); nx <= Math.Min(x + 1, side - 1); nx++)
                {
                    int next = (ny * side) + nx;
                    if (!seen[next] && change[next] >= Visible)
                    {
                        seen[next] = true;
                        open.Push(next);
                    }
                }
            }
        }

        return count == area;
    }

    // Mean colour and deviation of the brightness around the middle.
    private static (Rgb Mean, float Deviation) Surroundings(byte[] part, int side, int size)
    {
        int from = Math.Max(0, (side / 2) - size), to = Math.Min(side, (side / 2) + size + 1);
        double r = 0, g = 0, b = 0, squares = 0;
        int count = 0;
        for (int y = from; y < to; y++)
        {
            for (int x = from; x < to; x++, count++)
            {
                int i = 3 * ((y * side) + x);
                (r, g, b) = (r + part[i], g + part[i + 1], b + part[i + 2]);
                double luma = (0.3 * part[i]) + (0.59 * part[i + 1]) + (0.11 * part[i + 2]);
                squares += luma * luma;
            }
        }

        double mean = ((0.3 * r) + (0.59 * g) + (0.11 * b)) / count, n = count * 255.0;
        return (new((float)(r / n), (float)(g / n), (float)(b / n)), (float)(Math.Sqrt(Math.Max(0, (squares / count) - (mean * mean))) / 255));
    }
}

/// <summary>What a defect is painted with.</summary>
/// <param name="Color">Where it hides the surface.</param>
/// <param name="Shift">What it adds where it does not.</param>
/// <param name="Cover">How much it hides.</param>
/// <param name="Grain">Deviation of its own grain.</param>
internal sealed record Ink(Rgb Color, Rgb Shift, float Cover, float Grain)
{
    public float this[int channel] => channel switch { 0 => Color.R, 1 => Color.G, _ => Color.B };

    public float Delta(int channel) => channel switch { 0 => Shift.R, 1 => Shift.G, _ => Shift.B };

    /// <summary>Darker or lighter than the surroundings as there is room, by more the rougher they are; contrast from weak to clear.</summary>
    public static Ink Draw(SeededRandom r, DefectKind kind, Rgb mean, float deviation)
    {
        float strength = Exact.Pow(r.Next(), 1.4f), luma = mean.Luma;
        float least = kind == DefectKind.Stain ? 0.055f : 0.08f;
        float delta = Math.Min(least + (0.22f * strength) + (0.9f * deviation), 0.6f);
        bool darker = luma - delta > 0.02f && (kind == DefectKind.Hole || luma + delta > 0.98f || r.Chance(0.55f));
        var tint = new Rgb(r.Between(-0.15f, 0.15f), r.Between(-0.15f, 0.15f), r.Between(-0.15f, 0.15f)) * delta;
        var shift = Rgb.Grey(darker ? -delta : delta) + tint;
        float cover = kind switch
        {
            DefectKind.Contamination => r.Between(0.7f, 1), DefectKind.Hole => r.Between(0.6f, 0.9f), DefectKind.Scratch => 0.4f, _ => 0.1f,
        };
        return new(mean + shift, shift, cover, r.Between(0.005f, 0.02f));
    }
}
