using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Defects;

/// <summary>Where a defect acts and how much, 0 to 1 a pixel: built from strokes and shapes, then stamped into the layers at once.</summary>
internal sealed class Region(DefectSite site)
{
    public Plane Alpha { get; } = site.Arena.New();

    /// <summary>Adds a line with round ends, in image widths.</summary>
    public void Stroke(float ax, float ay, float bx, float by, float start, float end, float soft = 0)
    {
        int size = Alpha.Size;
        var shape = new Stroke(ax, ay, bx, by, start, end);
        float reach = Math.Max(start, end) + soft + (2f / size);
        Add(shape, new(0, 0, 1, 0), Math.Min(ax, bx) - reach, Math.Min(ay, by) - reach, Math.Max(ax, bx) + reach, Math.Max(ay, by) + reach, soft);
    }

    /// <summary>Adds a shape whose local unit is <paramref name="scale"/> image widths.</summary>
    public void Shape<TShape>(in TShape shape, float x, float y, float scale, float turns = 0, float soft = 0)
        where TShape : struct, IShape
    {
        float reach = (shape.Reach * scale) + soft + (2f / Alpha.Size);
        var frame = new Frame(x, y, scale, turns);
        var (mx, my) = frame.ToImage(shape.Middle.X, shape.Middle.Y);
        Add(shape, frame, mx - reach, my - reach, mx + reach, my + reach, soft / scale);
    }

    /// <summary>A patch of about the given radius whose outline follows noise.</summary>
    /// <param name="x">Centre in image widths.</param>
    /// <param name="y">Centre.</param>
    /// <param name="radius">Radius in image widths.</param>
    /// <param name="rough">0 an ellipse, 1 broken into islands.</param>
    /// <param name="soft">Length over which it fades, as a fraction of the radius.</param>
    /// <param name="stretch">Length over width.</param>
    public void Patch(float x, float y, float radius, float rough, float soft, float stretch = 1)
    {
        int size = Alpha.Size;
        float turns = site.Random.Next(), cos = Exact.Cos(turns), sin = Exact.Sin(turns), root = MathF.Sqrt(stretch);
        soft = Math.Max(soft, 1f / (size * radius));
        float[] noise = site.Edge.Data;
        for (int py = 0, i = 0; py < size; py++)
        {
            float dy = ((py + 0.5f) / size) - y;
            for (int px = 0; px < size; px++, i++)
            {
                float dx = ((px + 0.5f) / size) - x;
                float u = ((cos * dx) + (sin * dy)) / root, v = ((cos * dy) - (sin * dx)) * root;
                float d = MathF.Sqrt((u * u) + (v * v)) / radius;
                if (d < 3)
                {
                    float inside = 1 - d + (rough * 0.5f * noise[i]);
                    Alpha.Data[i] = Math.Max(Alpha.Data[i], Exact.Step(-soft, soft, inside));
                }
            }
        }
    }

    /// <summary>Keeps it to the product.</summary>
    public Region OnProduct()
    {
        Alpha.Multiply(site.Layers.Cover);
        return this;
    }

    /// <summary>Multiplies by noise, so that it is patchy.</summary>
    public Region Patchy(float amount)
    {
        float[] noise = site.Inside.Data, a = Alpha.Data;
        for (int i = 0; i < a.Length; i++)
        {
            a[i] *= Math.Clamp(1 - amount + (amount * (0.5f + (0.6f * noise[i]))), 0f, 1f);
        }

        return this;
    }

    /// <summary>Mixes a colour in.</summary>
    public Region Color(Rgb color, float opacity, float mottle = 0)
    {
        float[] noise = mottle > 0 ? site.Inside.Data : Alpha.Data, a = Alpha.Data;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i] > 0)
            {
                site.Layers.Blend(i, mottle > 0 ? color * Math.Max(0, 1 + (mottle * noise[i])) : color, a[i] * opacity);
            }
        }

        return this;
    }

    /// <summary>Multiplies the colour there.</summary>
    public Region Tint(Rgb factor)
    {
        float[] a = Alpha.Data;
        var (r, g, b) = (site.Layers.R.Data, site.Layers.G.Data, site.Layers.B.Data);
        for (int i = 0; i < a.Length; i++)
        {
            r[i] *= 1 + (a[i] * (factor.R - 1));
            g[i] *= 1 + (a[i] * (factor.G - 1));
            b[i] *= 1 + (a[i] * (factor.B - 1));
        }

        return this;
    }

    /// <summary>Adds to the height, in image widths at full strength.</summary>
    public Region Height(float height, float rough = 0)
    {
        float[] a = Alpha.Data, h = site.Layers.Height.Data, noise = rough != 0 ? site.Inside.Data : a;
        for (int i = 0; i < a.Length; i++)
        {
            h[i] += a[i] * (height + (rough * noise[i]));
        }

        return this;
    }

    /// <summary>Moves the gloss there.</summary>
    public Region Gloss(float gloss)
    {
        float[] a = Alpha.Data, g = site.Layers.Gloss.Data;
        for (int i = 0; i < a.Length; i++)
        {
            g[i] += a[i] * (gloss - g[i]);
        }

        return this;
    }

    /// <summary>Replaces all layers by others'.</summary>
    public Region Replace(Layers other, bool cover)
    {
        float[] a = Alpha.Data;
        var (mine, others) = (site.Layers.All, other.All);
        for (int k = 0; k < (cover ? 6 : 5); k++)
        {
            float[] m = mine[k].Data, o = others[k].Data;
            for (int i = 0; i < a.Length; i++)
            {
                m[i] += a[i] * (o[i] - m[i]);
            }
        }

        return this;
    }

    private void Add<TShape>(in TShape shape, Frame frame, float left, float top, float right, float bottom, float soft)
        where TShape : struct, IShape
    {
        int size = Alpha.Size;
        float cos = Exact.Cos(frame.Turns), sin = Exact.Sin(frame.Turns), edge = Math.Max(1f / (size * frame.Scale), soft);
        int y1 = Math.Clamp((int)(bottom * size) + 1, 0, size), x0 = Math.Clamp((int)(left * size), 0, size), x1 = Math.Clamp((int)(right * size) + 1, 0, size);
        for (int y = Math.Clamp((int)(top * size), 0, size); y < y1; y++)
        {
            for (int x = x0; x < x1; x++)
            {
                float dx = (((x + 0.5f) / size) - frame.X) / frame.Scale, dy = (((y + 0.5f) / size) - frame.Y) / frame.Scale;
                float a = Math.Clamp(0.5f - (shape.Distance((cos * dx) + (sin * dy), (cos * dy) - (sin * dx)) / edge), 0f, 1f);
                int i = (y * size) + x;
                Alpha.Data[i] = Math.Max(Alpha.Data[i], a);
            }
        }
    }
}
