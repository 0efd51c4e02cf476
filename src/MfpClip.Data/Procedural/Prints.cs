using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>Lettering and marks printed or engraved on a product.</summary>
internal static class Prints
{
    /// <summary>One or two lines of made-up letters that fill the frame's circle.</summary>
    public static void Add(Scene scene, SeededRandom style, Frame frame, Rgb ink, float engrave = 0)
    {
        int lines = style.Count(1, 2), letters = style.Count(2, 6);
        ulong text = style.Bits();
        float weight = style.Between(0.1f, 0.2f);
        var paint = new Paint
        {
            Color = ink, Opacity = engrave == 0 ? style.Between(0.7f, 1) : 0.5f, Height = engrave, OnTop = true, Profile = Profile.Soft, Width = 0.1f,
            Gloss = 0.2f, OnProductOnly = true,
        };
        scene.Prints.Add(new(frame, ink));
        scene.Add(frame, p => Draw(p, text, lines, letters, weight, paint));
    }

    /// <summary>Paints the letters.</summary>
    public static void Draw(Painter painter, ulong text, int lines, int letters, float weight, Paint paint)
    {
        var r = new SeededRandom(text);
        float pitch = 1.8f / letters, size = pitch * 0.4f, line = Math.Min(size * 3.4f, 0.8f);
        for (int row = 0; row < lines; row++)
        {
            for (int k = 0; k < letters; k++)
            {
                float x = ((k + 0.5f) * pitch) - 0.9f, y = (row - ((lines - 1) * 0.5f)) * line;
                Letter(painter, r, x, y, size, weight, paint);
            }
        }
    }

    // A letter is two to four strokes between the points of a grid of 2 by 3.
    private static void Letter(Painter painter, SeededRandom r, float x, float y, float size, float weight, Paint paint)
    {
        for (int strokes = r.Count(2, 4); strokes > 0; strokes--)
        {
            int a = r.Below(6), b = (a + r.Count(1, 5)) % 6;
            float half = size * weight * 0.9f;
            painter.Fill(new Stroke(x + X(a), y + Y(a), x + X(b), y + Y(b), half, half), paint with { Width = half });
        }

        float X(int k) => ((k & 1) - 0.5f) * size * 1.1f;
        float Y(int k) => ((k / 2) - 1) * size;
    }
}
