using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Defects;

/// <summary>Holes, dents, missing and bent parts, chipped edges, wrong prints.</summary>
internal static class ShapeDefects
{
    /// <summary>Through the product, or into it.</summary>
    public static void Hole(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var region = new Region(d);
        region.Shape(new Blob(0, 0, 1, r, r.Between(0.05f, 0.35f), r.Between(0.75f, 1.3f)), x, y, d.Radius);
        region.OnProduct();
        if (!d.Scene.IsTexture && r.Chance(0.5f))
        {
            region.Replace(d.Scene.Base, cover: true);
            return;
        }

        var around = d.ColorAround(x, y, d.Radius);
        var deep = around.Luma > 0.18f ? Rgb.Grey(r.Between(0, 0.1f)) : Rgb.Grey(r.Between(0.45f, 0.8f));
        region.Color(Rgb.Mix(around, deep, 0.5f + (0.5f * d.Strength)), 1, 0.15f).Height(-Math.Min(d.Radius, 0.03f) * (0.4f + d.Strength), 0.001f).Gloss(0.05f);
    }

    /// <summary>A hollow or bump, seen by its shading only.</summary>
    public static void Dent(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnProduct();
        var region = new Region(d);
        if (r.Chance(0.5f))
        {
            region.Patch(x, y, d.Radius * 0.75f, r.Between(0, 0.3f), r.Between(0.5f, 1), r.LogBetween(1, 3.5f));
        }
        else
        {
            region.Shape(new Blob(0, 0, 0.7f, r, 0.15f), x, y, d.Radius, 0, d.Radius * r.Between(0.6f, 1.2f));
        }

        region.OnProduct().Height(r.Sign() * d.Radius * (0.2f + (0.7f * d.Strength)));
    }

    /// <summary>A removable part is not there; where there is none, a piece is broken out.</summary>
    public static void MissingPart(DefectSite d)
    {
        bool many = d.Scene.Piece >= 4;
        if (many && d.Random.Chance(0.4f))
        {
            // One of many products is not there.
            int piece = d.Scene.Parts[d.Random.Below(d.Scene.Parts.Count)].Piece;
            Repaint(d, p => p.Piece == piece && piece > 0 ? null : p);
        }
        else if (PickPart(d) is { } part)
        {
            Repaint(d, p => p == part ? null : p);
        }
        else
        {
            BreakOut(d);
        }
    }

    /// <summary>A part or place that is not straight.</summary>
    public static void Bent(DefectSite d)
    {
        var r = d.Random;
        if (r.Chance(0.5f) && PickPart(d) is { } part)
        {
            float turn = r.Sign() * r.Between(0.02f, 0.09f) * (0.5f + d.Strength), step = part.Frame.Scale * 0.1f * d.Strength;
            var moved = part with
            {
                Frame = part.Frame with { Turns = part.Frame.Turns + turn, X = part.Frame.X + (step * r.Normal()), Y = part.Frame.Y + (step * r.Normal()) },
            };
            Repaint(d, p => p == part ? moved : p);
            return;
        }

        Warp(d);
    }

    /// <summary>A bite or a burr at the outline; inside a texture a flake with a sharp edge.</summary>
    public static void ChippedEdge(DefectSite d)
    {
        var r = d.Random;
        var region = new Region(d);
        if (d.OnOutline() is { } edge)
        {
            region.Shape(new Blob(0, 0, 1, r, 0.3f, r.Between(0.6f, 1.6f)), edge.X, edge.Y, d.Radius * 1.35f);
            if (r.Chance(0.6f))
            {
                if (r.Chance(0.6f))
                {
                    region.Replace(d.Scene.Base, cover: true);
                }
                else
                {
                    var fresh = d.ColorAround(edge.X, edge.Y, d.Radius);
                    region.OnProduct().Color(d.Contrast(fresh), 0.8f, 0.2f).Height(-d.Radius * 0.5f, 0.001f).Gloss(0.1f);
                }

                return;
            }

            // A burr: material beyond the outline, of the colour beside it.
            var (ix, iy) = Inward(d, edge.X, edge.Y);
            var color = d.ColorAround(ix, iy, 0.01f);
            float[] a = region.Alpha.Data, c = d.Layers.Cover.Data;
            for (int i = 0; i < a.Length; i++)
            {
                a[i] *= 1 - (0.8f * c[i]);
                c[i] += a[i] * (1 - c[i]);
            }

            region.Color(color, 1, 0.15f).Height(d.Radius * 0.5f).Gloss(0.4f);
            return;
        }

        var (x, y) = d.OnProduct();
        region.Shape(new Polygon(r.Count(3, 6), 0.9f, 0, r.Next()), x, y, d.Radius, r.Next());
        region.Shape(new Blob(0, 0, 0.8f, r, 0.3f), x + (d.Radius * r.Between(-0.5f, 0.5f)), y + (d.Radius * r.Between(-0.5f, 0.5f)), d.Radius);
        region.OnProduct().Color(d.Contrast(d.ColorAround(x, y, d.Radius)), 0.4f + (0.5f * d.Strength), 0.2f).Height(-d.Radius * 0.3f, 0.001f).Gloss(0.05f);
    }

    /// <summary>Print that is shifted, incomplete or where none belongs.</summary>
    public static void Misprint(DefectSite d)
    {
        var r = d.Random;
        if (d.Scene.Prints.Count > 0 && r.Chance(0.65f))
        {
            var print = d.Scene.Prints[r.Below(d.Scene.Prints.Count)];
            var part = d.Scene.Parts.First(p => p.Frame == print.Frame);
            float step = part.Frame.Scale * r.Between(0.15f, 0.5f), a = r.Next();
            var moved = part with
            {
                Frame = part.Frame with
                {
                    X = part.Frame.X + (step * Exact.Cos(a)), Y = part.Frame.Y + (step * Exact.Sin(a)), Turns = part.Frame.Turns + r.Between(-0.05f, 0.05f),
                },
            };
            if (r.Chance(0.4f))
            {
                // Half of it is missing.
                var without = new Layers(d.Arena);
                d.Scene.PaintTo(without, p => p == part ? null : p);
                var half = new Region(d);
                float turn = part.Frame.Turns + (r.Below(4) * 0.25f) + 0.02f;
                half.Shape(new Box(0.7f, 0, 0.7f, 1.4f), part.Frame.X, part.Frame.Y, part.Frame.Scale, turn);
                half.Replace(without, cover: true);
                return;
            }

            Repaint(d, p => p == part ? moved : p);
            return;
        }

        var (x, y) = d.OnProduct();
        var ink = d.Contrast(d.ColorAround(x, y, d.Radius));
        if (r.Chance(0.35f))
        {
            ink = Rgb.Mix(ink, Finish.AnyColor(r), 0.5f);
        }

        var painter = new Painter(d.Layers, d.Scene.Base, new(x, y, Math.Clamp(d.Radius * 2, 0.04f, 0.3f), r.Chance(0.5f) ? 0 : r.Next()));
        Prints.Draw(painter, r.Bits(), 1, r.Count(1, 4), r.Between(0.15f, 0.3f), new()
        {
            Color = ink, Opacity = 0.5f + (0.5f * d.Strength), OnTop = true, OnProductOnly = true, Gloss = 0.2f,
        });
    }

    private static Part? PickPart(DefectSite d)
    {
        var parts = d.Scene.Parts.Where(p => p.IsRemovable && p.Frame.X is > 0.05f and < 0.95f && p.Frame.Y is > 0.05f and < 0.95f).ToList();
        return parts.Count == 0 ? null : parts[d.Random.Below(parts.Count)];
    }

    // Earlier defects stay where the change does not reach.
    private static void Repaint(DefectSite d, Func<Part, Part?> change)
    {
        Layers with = new(d.Arena), without = new(d.Arena);
        d.Scene.PaintTo(with);
        d.Scene.PaintTo(without, change);
        var (old, fresh, mine) = (with.All, without.All, d.Layers.All);
        int count = old[0].Data.Length;
        for (int i = 0; i < count; i++)
        {
            bool differs = false;
            for (int k = 0; k < 6; k++)
            {
                differs |= old[k].Data[i] != fresh[k].Data[i];
            }

            if (differs)
            {
                for (int k = 0; k < 6; k++)
                {
                    mine[k].Data[i] = fresh[k].Data[i];
                }
            }
        }
    }

    private static void BreakOut(DefectSite d)
    {
        var r = d.Random;
        var region = new Region(d);
        if (!d.Scene.IsTexture)
        {
            var (ex, ey) = d.OnOutline() ?? d.OnProduct();
            region.Shape(new Both<Blob, Polygon>(new(0, 0, 1.3f, r, 0.2f), new(r.Count(3, 5), 1, 0, r.Next())), ex, ey, d.Radius * 1.6f);
            region.Replace(d.Scene.Base, cover: true);
            return;
        }

        var (x, y) = d.OnProduct();
        region.Shape(new Both<Blob, Polygon>(new(0, 0, 1.2f, r, 0.2f), new(r.Count(3, 5), 1, 0, r.Next())), x, y, d.Radius * 1.1f);
        var around = d.ColorAround(x, y, d.Radius);
        region.Color(Rgb.Mix(around, d.Contrast(around), 0.5f + (0.3f * d.Strength)), 1, 0.2f).Height(-0.6f * Math.Min(d.Radius, 0.04f), 0.0012f).Gloss(0.03f);
    }

    private static (float X, float Y) Inward(DefectSite d, float x, float y)
    {
        float best = -1, bx = x, by = y;
        for (int k = 0; k < 12; k++)
        {
            float px = x + (0.02f * Exact.Cos(k / 12f)), py = y + (0.02f * Exact.Sin(k / 12f));
            float cover = d.Layers.Cover.Sample(px * d.Size, py * d.Size);
            if (cover > best)
            {
                (best, bx, by) = (cover, px, py);
            }
        }

        return (bx, by);
    }

    // Moves everything near a place aside, most in its middle.
    private static void Warp(DefectSite d)
    {
        var r = d.Random;
        var (x, y) = d.OnOutline() is { } edge && r.Chance(0.7f) ? edge : d.OnProduct();
        float radius = Math.Max(d.Radius * 1.5f, 0.03f), turn = r.Next(), by = radius * r.Between(0.25f, 0.5f) * (0.5f + (0.5f * d.Strength));
        float dx = by * Exact.Cos(turn), dy = by * Exact.Sin(turn);
        int size = d.Size;
        var before = new Layers(d.Arena);
        d.Layers.CopyTo(before);
        var (from, to) = (before.All, d.Layers.All);
        for (int py = Math.Max(0, (int)((y - radius) * size)); py < Math.Min(size, (int)((y + radius) * size) + 1); py++)
        {
            for (int px = Math.Max(0, (int)((x - radius) * size)); px < Math.Min(size, (int)((x + radius) * size) + 1); px++)
            {
                float ux = ((px + 0.5f) / size) - x, uy = ((py + 0.5f) / size) - y;
                float t = 1 - (((ux * ux) + (uy * uy)) / (radius * radius));
                if (t > 0)
                {
                    t *= t;
                    for (int k = 0; k < 6; k++)
                    {
                        to[k].Data[(py * size) + px] = from[k].Sample(px - (dx * t * size), py - (dy * t * size));
                    }
                }
            }
        }
    }
}
