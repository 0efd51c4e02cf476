using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Canvas;

/// <summary>Paints shapes into layers; the shape's type is known to the compiler, so its distance is inlined into the loop.</summary>
internal sealed class Painter(Layers layers, Layers behind, Frame frame)
{
    public Layers Layers => layers;

    public Frame Frame => frame;

    public int Size => layers.Size;

    /// <summary>The same layers in another frame.</summary>
    public Painter In(float x, float y, float scale, float turns) => new(layers, behind, frame.Inner(x, y, scale, turns));

    /// <summary>Paints a shape.</summary>
    public void Fill<TShape>(in TShape shape, Paint paint)
        where TShape : struct, IShape
    {
        var area = Area(shape.Middle, shape.Reach);
        float pixel = 1f / (Size * frame.Scale), edge = Math.Max(pixel, paint.Soft);
        float rise = paint.Height * frame.Scale, perWidth = 1 / Math.Max(paint.Width, 1e-4f);
        float[] height = layers.Height.Data, gloss = layers.Gloss.Data, cover = layers.Cover.Data;
        for (int y = area.Top; y < area.Bottom; y++)
        {
            var row = new Row(frame, Size, y);
            for (int x = area.Left; x < area.Right; x++)
            {
                var (u, v) = row.At(x);
                float d = shape.Distance(u, v);
                float a = 0.5f - (d / edge);
                if (a <= 0)
                {
                    continue;
                }

                int i = (y * Size) + x;
                a = Math.Min(a, 1) * paint.Opacity;
                if (paint.OnProductOnly)
                {
                    a *= cover[i];
                }

                layers.Blend(i, Tint(paint, i, u, v), a);
                float within = paint.Across ? paint.Width - Math.Abs(v - paint.Axis) : -d;
                float h = (rise * Ramp(paint.Profile, Math.Clamp(within * perWidth, 0f, 1f))) + (paint.OnTop ? height[i] : 0);
                h += paint.Rough is null ? 0 : paint.Rough.Data[i] * paint.RoughAmount;
                height[i] += a * (h - height[i]);
                gloss[i] += a * (paint.Gloss - gloss[i]);
                if (paint.IsProduct && !paint.OnProductOnly)
                {
                    cover[i] += a * (1 - cover[i]);
                }
            }
        }
    }

    /// <summary>Cuts a shape out, down to the background.</summary>
    public void CutOut<TShape>(in TShape shape, float depth = 0)
        where TShape : struct, IShape
    {
        var area = Area(shape.Middle, shape.Reach);
        float scale = Size * frame.Scale;
        for (int y = area.Top; y < area.Bottom; y++)
        {
            var row = new Row(frame, Size, y);
            for (int x = area.Left; x < area.Right; x++)
            {
                var (u, v) = row.At(x);
                float a = Math.Clamp(0.5f - (shape.Distance(u, v) * scale), 0f, 1f);
                if (a <= 0)
                {
                    continue;
                }

                int i = (y * Size) + x;
                layers.Blend(i, behind.ColorAt(i), a);
                layers.Height.Data[i] += a * (behind.Height.Data[i] - depth - layers.Height.Data[i]);
                layers.Gloss.Data[i] += a * (behind.Gloss.Data[i] - layers.Gloss.Data[i]);
                layers.Cover.Data[i] *= 1 - a;
            }
        }
    }

    private static Rgb Tint(Paint paint, int i, float u, float v)
    {
        var color = paint.Color;
        if (paint.Spots is { } spots)
        {
            color = Rgb.Mix(color, paint.Second, Exact.Step(paint.SpotsFrom - paint.SpotsSoft, paint.SpotsFrom + paint.SpotsSoft, spots.Data[i]));
        }

        float tone = 1;
        if (paint.Grain is { } grain)
        {
            tone += grain.Data[i] * paint.GrainAmount;
        }

        if (paint.Turned != 0)
        {
            tone += paint.Turned * Exact.Sin(MathF.Sqrt((u * u) + (v * v)) * paint.TurnedRate);
        }

        return tone == 1 ? color : color * Math.Max(0, tone);
    }

    private static float Ramp(Profile profile, float t) => profile switch
    {
        Profile.Flat => 1,
        Profile.Bevel => t,
        Profile.Dome => MathF.Sqrt(Math.Max(0, 1 - ((1 - t) * (1 - t)))),
        _ => t * t * (3 - (2 * t)),
    };

    private (int Left, int Top, int Right, int Bottom) Area((float X, float Y) middle, float reach)
    {
        var (mx, my) = frame.ToImage(middle.X, middle.Y);
        float r = (reach * frame.Scale * Math.Max(1, frame.Squeeze)) + (2f / Size);
        return (
            Math.Clamp((int)((mx - r) * Size), 0, Size), Math.Clamp((int)((my - r) * Size), 0, Size),
            Math.Clamp((int)((mx + r) * Size) + 1, 0, Size), Math.Clamp((int)((my + r) * Size) + 1, 0, Size));
    }

    /// <summary>Local coordinates along one row of pixels.</summary>
    private readonly struct Row
    {
        private readonly float _u0, _v0, _du, _dv;

        public Row(Frame frame, int size, int y)
        {
            float cos = Exact.Cos(frame.Turns), sin = Exact.Sin(frame.Turns);
            float dx = (0.5f / size) - frame.X, dy = ((y + 0.5f) / size) - frame.Y;
            (_u0, _v0) = (((cos * dx) + (sin * dy)) / (frame.Scale * frame.Squeeze), ((cos * dy) - (sin * dx)) / frame.Scale);
            (_du, _dv) = (cos / (size * frame.Scale * frame.Squeeze), -sin / (size * frame.Scale));
        }

        public (float U, float V) At(int x) => (_u0 + (x * _du), _v0 + (x * _dv));
    }
}
