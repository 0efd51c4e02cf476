namespace MfpClip.Data.Procedural.Canvas;

/// <summary>
/// What a scene consists of before light falls on it, a plane each: colour (albedo), height in image widths, gloss 0 to 1, and cover (1 on the
/// product, 0 on the background).
/// </summary>
internal sealed class Layers(Arena arena)
{
    public Plane R { get; } = arena.New();

    public Plane G { get; } = arena.New();

    public Plane B { get; } = arena.New();

    public Plane Height { get; } = arena.New();

    public Plane Gloss { get; } = arena.New();

    public Plane Cover { get; } = arena.New();

    public int Size => R.Size;

    public Plane[] All => [R, G, B, Height, Gloss, Cover];

    public Rgb ColorAt(int i) => new(R.Data[i], G.Data[i], B.Data[i]);

    public void CopyTo(Layers other)
    {
        var (mine, others) = (All, other.All);
        for (int i = 0; i < mine.Length; i++)
        {
            mine[i].CopyTo(others[i]);
        }
    }

    /// <summary>Mixes a colour into a pixel.</summary>
    public void Blend(int i, Rgb color, float alpha)
    {
        R.Data[i] += alpha * (color.R - R.Data[i]);
        G.Data[i] += alpha * (color.G - G.Data[i]);
        B.Data[i] += alpha * (color.B - B.Data[i]);
    }

    /// <summary>Fills everything with one colour.</summary>
    public void Fill(Rgb color, float gloss, float cover)
    {
        Array.Fill(R.Data, color.R);
        Array.Fill(G.Data, color.G);
        Array.Fill(B.Data, color.B);
        Array.Clear(Height.Data);
        Array.Fill(Gloss.Data, gloss);
        Array.Fill(Cover.Data, cover);
    }

    /// <summary>Colours every pixel between two colours by a plane of 0 to 1.</summary>
    public void Color(Plane mix, Rgb low, Rgb high)
    {
        float[] m = mix.Data, r = R.Data, g = G.Data, b = B.Data;
        float dr = high.R - low.R, dg = high.G - low.G, db = high.B - low.B;
        for (int i = 0; i < m.Length; i++)
        {
            r[i] = low.R + (m[i] * dr);
            g[i] = low.G + (m[i] * dg);
            b[i] = low.B + (m[i] * db);
        }
    }

    /// <summary>Mixes a colour in by a plane of 0 to 1 times a factor.</summary>
    public void Blend(Plane alpha, Rgb color, float factor = 1)
    {
        float[] a = alpha.Data, r = R.Data, g = G.Data, b = B.Data;
        for (int i = 0; i < a.Length; i++)
        {
            float t = Math.Clamp(a[i] * factor, 0f, 1f);
            r[i] += t * (color.R - r[i]);
            g[i] += t * (color.G - g[i]);
            b[i] += t * (color.B - b[i]);
        }
    }

    /// <summary>Multiplies the colours by 1 + plane * factor.</summary>
    public void Tone(Plane plane, float factor)
    {
        float[] p = plane.Data, r = R.Data, g = G.Data, b = B.Data;
        for (int i = 0; i < p.Length; i++)
        {
            float t = Math.Max(0, 1 + (p[i] * factor));
            r[i] *= t;
            g[i] *= t;
            b[i] *= t;
        }
    }
}
