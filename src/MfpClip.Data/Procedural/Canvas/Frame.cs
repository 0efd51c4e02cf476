using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Canvas;

/// <summary>Where a part lies: local coordinates, in which a part has a radius of about 1, to the image, which is 1 wide.</summary>
internal readonly record struct Frame(float X, float Y, float Scale, float Turns, float Squeeze = 1)
{
    /// <summary>The whole image: local coordinates run from -1 to 1.</summary>
    public static Frame Picture { get; } = new(0.5f, 0.5f, 0.5f, 0);

    /// <summary>A frame within this one.</summary>
    public Frame Inner(float x, float y, float scale, float turns)
    {
        var (px, py) = ToImage(x, y);
        return new(px, py, Scale * scale, Turns + turns, Squeeze);
    }

    public (float X, float Y) ToImage(float x, float y)
    {
        float cos = Exact.Cos(Turns), sin = Exact.Sin(Turns);
        x *= Squeeze;
        return (X + (Scale * ((cos * x) - (sin * y))), Y + (Scale * ((sin * x) + (cos * y))));
    }
}
