using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Canvas;

/// <summary>A colour, 0 to 1 each.</summary>
internal readonly record struct Rgb(float R, float G, float B)
{
    public float Luma => (0.3f * R) + (0.59f * G) + (0.11f * B);

    public static Rgb operator *(Rgb c, float f) => new(c.R * f, c.G * f, c.B * f);

    public static Rgb operator +(Rgb a, Rgb b) => new(a.R + b.R, a.G + b.G, a.B + b.B);

    public static Rgb Grey(float v) => new(v, v, v);

    public static Rgb Mix(Rgb a, Rgb b, float t) => (a * (1 - t)) + (b * t);

    /// <summary>From hue in turns, saturation and value.</summary>
    public static Rgb Hsv(float hue, float saturation, float value)
    {
        float Channel(float offset)
        {
            float k = (hue * 6) + offset;
            k -= 6 * MathF.Floor(k / 6);
            return value * (1 - (saturation * Math.Clamp(Math.Min(k, 4 - k), 0f, 1f)));
        }

        return new(Channel(5), Channel(3), Channel(1));
    }

    /// <summary>The colour a little off in hue, saturation and value.</summary>
    public Rgb Vary(SeededRandom random, float amount)
    {
        float light = 1 + (amount * random.Between(-1, 1)), tint = amount * 0.5f;
        return new(
            Math.Clamp(R * (light + (tint * random.Between(-1, 1))), 0f, 1f),
            Math.Clamp(G * (light + (tint * random.Between(-1, 1))), 0f, 1f),
            Math.Clamp(B * (light + (tint * random.Between(-1, 1))), 0f, 1f));
    }
}
