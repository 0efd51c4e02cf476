using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Defects;

/// <summary>Stains, rust, shifted colour, dirt, pits, inclusions, worn places, foreign texture.</summary>
internal static class SurfaceDefects
{
    /// <summary>A liquid that dried: darker, at times with a rim.</summary>
    public static void Stain(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var around = d.ColorAround(x, y, d.Radius);
        var region = new Region(d);
        float soft = r.Between(0.08f, 0.7f);
        region.Patch(x, y, d.Radius * 1.1f, r.Between(0.1f, 0.9f), soft, r.LogBetween(1, 3));
        region.OnProduct();
        var ink = r.Next() switch
        {
            < 0.5f => around.Luma > 0.25f ? new Rgb(0.25f, 0.19f, 0.12f).Vary(r, 0.3f) : Rgb.Grey(r.Between(0.5f, 0.8f)),
            < 0.75f => Rgb.Grey(around.Luma > 0.4f ? r.Between(0, 0.2f) : r.Between(0.6f, 0.9f)),
            _ => Finish.AnyColor(r),
        };
        region.Color(ink, 0.12f + (0.6f * d.Strength), r.Between(0, 0.35f)).Gloss(r.Between(0, 0.6f));
        if (r.Chance(0.3f))
        {
            var rim = region.Alpha;
            for (int i = 0; i < rim.Data.Length; i++)
            {
                rim.Data[i] = 4 * rim.Data[i] * (1 - rim.Data[i]);
            }

            region.Color(ink * 0.7f, 0.2f + (0.4f * d.Strength));
        }
    }

    /// <summary>Rust on metal, oxide or mould elsewhere: blotches, rough, dull.</summary>
    public static void Corrosion(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var region = new Region(d);
        region.Patch(x, y, d.Radius * 1.15f, r.Between(0.6f, 1.6f), r.Between(0.1f, 0.4f), r.LogBetween(1, 4));
        region.OnProduct().Patchy(r.Between(0.1f, 0.6f));
        var rust = r.Pick(new Rgb(0.5f, 0.25f, 0.1f), new Rgb(0.38f, 0.17f, 0.08f), new Rgb(0.62f, 0.36f, 0.15f), new Rgb(0.28f, 0.16f, 0.1f),
            new Rgb(0.35f, 0.5f, 0.42f), new Rgb(0.75f, 0.76f, 0.7f)).Vary(r, 0.2f);
        region.Color(rust, 0.4f + (0.6f * d.Strength), 0.25f).Height(0.0005f, 0.0012f * (0.3f + d.Strength)).Gloss(0.03f);
    }

    /// <summary>A place of another tone or hue.</summary>
    public static void ColorShift(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var region = new Region(d);
        if (r.Chance(0.3f))
        {
            region.Shape(new Box(0, 0, 1, r.Between(0.5f, 1)), x, y, d.Radius, r.Next());
        }
        else
        {
            region.Patch(x, y, d.Radius * 1.1f, r.Between(0, 0.6f), r.Between(0.1f, 0.8f), r.LogBetween(1, 2.5f));
        }

        region.OnProduct();
        var around = d.ColorAround(x, y, d.Radius);
        if (r.Chance(0.55f))
        {
            float k = 0.15f + (0.6f * d.Strength);
            region.Tint(new(1 + (k * r.Between(-1, 1)), 1 + (k * r.Between(-1, 1)), 1 + (k * r.Between(-1, 1))));
        }
        else if (around.Luma > 0.12f)
        {
            region.Tint(Rgb.Grey(1 + (r.Sign() * (0.12f + (0.5f * d.Strength)))));
        }

        region.Color(Rgb.Hsv(r.Next(), 0.6f, Math.Clamp(around.Luma * 1.3f + 0.1f, 0, 1)), 0.35f * d.Strength);
    }

    /// <summary>Crumbs, drops, grease, paste that lie on the product.</summary>
    public static void Contamination(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var around = d.ColorAround(x, y, d.Radius * 2);
        int lumps = r.Chance(0.5f) ? 1 : r.Count(2, 9);
        float radius = d.Radius / MathF.Sqrt(lumps), spread = d.Radius * 2.5f;
        var region = new Region(d);
        bool drop = r.Chance(0.35f);
        for (int k = 0; k < lumps; k++)
        {
            float a = r.Next(), away = k == 0 ? 0 : spread * MathF.Sqrt(r.Next()), own = radius * r.Between(0.6f, 1.3f);
            region.Shape(new Blob(0, 0, 1, r, drop ? 0.1f : 0.35f, drop ? 1 : r.Between(0.7f, 1.3f)), x + (away * Exact.Cos(a)), y + (away * Exact.Sin(a)), own,
                0, own * r.Between(0.1f, 0.9f));
        }

        var color = r.Chance(0.35f) ? Finish.AnyColor(r) : d.Contrast(around);
        region.Color(color, drop ? 0.15f + (0.5f * d.Strength) : 0.5f + (0.5f * d.Strength), r.Between(0, 0.25f));
        region.Height(radius * (drop ? 0.45f : 0.35f), drop ? 0 : radius * 0.04f).Gloss(drop ? 0.95f : r.Between(0, 0.5f));
    }

    /// <summary>A cluster of small hollows.</summary>
    public static void Pits(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        float radius = r.LogBetween(0.0028f, 0.009f);
        int pits = Math.Clamp((int)(d.Area / (2.5f * radius * radius)), 2, 60);
        float spread = MathF.Sqrt(pits) * radius * r.Between(1.6f, 4.5f);
        var region = new Region(d);
        float stretch = r.LogBetween(0.3f, 1), turn = r.Next();
        for (int k = 0; k < pits; k++)
        {
            float u = spread * r.Normal() * 0.6f, v = spread * r.Normal() * 0.6f * stretch, own = radius * r.Between(0.5f, 1.2f);
            region.Shape(new Blob(0, 0, 1, r, 0.2f), x + (u * Exact.Cos(turn)) - (v * Exact.Sin(turn)),
                y + (u * Exact.Sin(turn)) + (v * Exact.Cos(turn)), own, 0, own * 0.7f);
        }

        region.OnProduct();
        var around = d.ColorAround(x, y, spread);
        region.Color(around.Luma > 0.15f ? around * (0.6f * (1 - d.Strength)) : d.Contrast(around), 0.4f + (0.6f * d.Strength))
            .Height(-radius * (0.4f + (0.6f * d.Strength))).Gloss(0.1f);
    }

    /// <summary>A large region of slightly another tone, drawn out along the grain.</summary>
    public static void Inclusion(DefectSite d)
    {
        var r = d.Random;
        var region = new Region(d);
        int patches = r.Chance(0.5f) ? 1 : r.Count(2, 4);
        for (int k = 0; k < patches; k++)
        {
            var (x, y) = d.OnProduct();
            region.Patch(x, y, d.Radius / MathF.Sqrt(patches) * 1.1f, r.Between(0.5f, 1.4f), r.Between(0.15f, 0.6f), r.LogBetween(1, 8));
        }

        region.OnProduct().Patchy(r.Between(0.1f, 0.5f));
        float tone = 0.1f + (0.45f * d.Strength);
        bool lighter = r.Chance(0.5f);
        region.Tint(lighter ? Rgb.Grey(1 + tone) : Rgb.Grey(1 - tone)).Color(lighter ? Rgb.Grey(0.9f) : Rgb.Grey(0.05f), 0.04f + (0.12f * d.Strength));
        region.Height(0, 0.0008f * d.Strength);
    }

    /// <summary>The pattern is rubbed off or smeared: smooth, dull or shiny.</summary>
    public static void Worn(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var region = new Region(d);
        region.Patch(x, y, d.Radius * 1.1f, r.Between(0.2f, 0.9f), r.Between(0.1f, 0.5f), r.LogBetween(1, 4));
        region.OnProduct();
        var smooth = new Layers(d.Arena);
        var (from, to) = (d.Layers.All, smooth.All);
        int radius = Math.Max(2, (int)(d.Size * r.Between(0.008f, 0.025f)));
        for (int k = 0; k < 5; k++)
        {
            Blur.Soft(d.Arena, from[k], radius).CopyTo(to[k]);
        }

        region.Replace(smooth, cover: false);
        region.Tint(Rgb.Grey(1 + (r.Sign() * r.Between(0.05f, 0.35f) * (0.3f + d.Strength)))).Gloss(r.Pick(0, 0.9f, 0.4f));
    }

    /// <summary>A patch of the product that belongs elsewhere on it.</summary>
    public static void CutPaste(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var (fx, fy) = d.OnProduct();
        var region = new Region(d);
        if (r.Chance(0.5f))
        {
            region.Shape(new Box(0, 0, 1, r.Between(0.3f, 1)), x, y, d.Radius * 0.95f, r.Chance(0.5f) ? 0 : r.Next());
        }
        else
        {
            region.Patch(x, y, d.Radius * 1.1f, r.Between(0.2f, 1), 0.05f, r.LogBetween(1, 3));
        }

        if (r.Chance(0.8f))
        {
            region.OnProduct();
        }

        float turn = r.Chance(0.4f) ? r.Below(4) * 0.25f : r.Next(), cos = Exact.Cos(turn), sin = Exact.Sin(turn), zoom = r.Between(0.7f, 1.4f),
            tone = 1 + (r.Between(-0.35f, 0.35f) * d.Strength);
        var moved = new Layers(d.Arena);
        var (from, to) = (d.Layers.All, moved.All);
        float[] a = region.Alpha.Data;
        int size = d.Size;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i] > 0)
            {
                float dx = ((i % size) + 0.5f - (x * size)) * zoom, dy = ((i / size) + 0.5f - (y * size)) * zoom;
                float sx = (fx * size) + (cos * dx) - (sin * dy), sy = (fy * size) + (sin * dx) + (cos * dy);
                for (int k = 0; k < 6; k++)
                {
                    to[k].Data[i] = from[k].Sample(sx, sy) * (k < 3 ? tone : 1);
                }
            }
        }

        region.Replace(moved, cover: true);
    }

    /// <summary>Another material under a noise mask.</summary>
    public static void ForeignTexture(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var region = new Region(d);
        region.Patch(x, y, d.Radius * 1.1f, r.Between(0.3f, 1.3f), r.Between(0.03f, 0.2f), r.LogBetween(1, 3));
        if (r.Chance(0.8f))
        {
            region.OnProduct();
        }

        region.Alpha.Scale(0.4f + (0.6f * d.Strength));
        var other = new Scene(d.Arena, r.Fork(), isTexture: true);
        Catalogue.ForeignTexture(r)(other);
        region.Replace(other.Base, cover: false);
    }
}
