using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Canvas;

/// <summary>The light on a scene.</summary>
/// <param name="Direction">Where it comes from, in turns.</param>
/// <param name="Flatness">Height of the lamp: 0 grazing, 1 from the camera.</param>
/// <param name="Ambient">Fraction of light from everywhere.</param>
/// <param name="Level">Brightness.</param>
/// <param name="Warmth">-1 blue to 1 yellow.</param>
/// <param name="Sharpness">Times the highlight's cosine is squared, 2 broad to 6 a point.</param>
/// <param name="Room">How much of the room glossy things mirror.</param>
/// <param name="Cavity">How dark hollows are.</param>
/// <param name="Shadow">How dark the product's shadow on the background is.</param>
/// <param name="ShadowReach">How far the shadow falls, in image widths.</param>
internal sealed record Light(
    float Direction, float Flatness, float Ambient, float Level, float Warmth, int Sharpness, float Room, float Cavity, float Shadow, float ShadowReach)
{
    public static Light Draw(SeededRandom r, bool flat) => new(
        r.Next(), flat ? r.Between(0.55f, 0.95f) : r.Between(0.35f, 0.9f), r.Between(0.25f, 0.7f), r.Between(0.75f, 1.12f), r.Normal() * 0.35f, r.Count(2, 6),
        r.Between(0, 0.9f), r.Between(0, 1), r.Chance(0.25f) ? 0 : r.Between(0.15f, 0.75f), r.Between(0.004f, 0.05f));

    /// <summary>The lit image: three planes, about 0 to 1.</summary>
    public Plane[] Shade(Arena arena, Layers layers)
    {
        int size = layers.Size;
        Plane red = arena.New(), green = arena.New(), blue = arena.New();
        float[] h = layers.Height.Data, gloss = layers.Gloss.Data, cover = layers.Cover.Data;
        float lz = 0.25f + (0.75f * Flatness), flat = MathF.Sqrt(1 - (lz * lz));
        float lx = flat * Exact.Cos(Direction), ly = flat * Exact.Sin(Direction);
        float hn = 1 / MathF.Sqrt((lx * lx) + (ly * ly) + ((lz + 1) * (lz + 1)));
        float hx = lx * hn, hy = ly * hn, hz = (lz + 1) * hn;
        float wr = Level * (1 + (0.08f * Warmth)), wg = Level, wb = Level * (1 - (0.1f * Warmth));
        float mx = 0.9f * Exact.Cos(Direction * 3), my = 0.9f * Exact.Sin(Direction * 3);
        float flatRoom = Exact.Sin(Direction * 7);
        var hollow = Cavity > 0.1f ? Blur.Soft(arena, layers.Height, Math.Max(1, size / 64)) : null;
        var shadow = Shadow > 0 ? CastShadow(arena, layers.Cover, lx, ly) : null;
        for (int y = 0; y < size; y++)
        {
            int up = Math.Max(y - 1, 0) * size, down = Math.Min(y + 1, size - 1) * size;
            for (int x = 0; x < size; x++)
            {
                int i = (y * size) + x;
                float dx = (h[(y * size) + Math.Min(x + 1, size - 1)] - h[(y * size) + Math.Max(x - 1, 0)]) * size * 0.5f;
                float dy = (h[down + x] - h[up + x]) * size * 0.5f;
                float n = 1 / MathF.Sqrt(1 + (dx * dx) + (dy * dy));
                float nx = -dx * n, ny = -dy * n;
                float diffuse = Ambient + ((1 - Ambient) * Math.Max(0, ((nx * lx) + (ny * ly) + (n * lz)) / lz));
                if (hollow is not null)
                {
                    diffuse *= Math.Clamp(1 + (Cavity * 12 * (h[i] - hollow.Data[i])), 0.45f, 1.15f);
                }

                if (shadow is not null)
                {
                    diffuse *= 1 - (Shadow * shadow.Data[i] * (1 - cover[i]));
                }

                float s = Math.Max(0, (nx * hx) + (ny * hy) + (n * hz));
                for (int k = 0; k < Sharpness; k++)
                {
                    s *= s;
                }

                float g = gloss[i], shine = g * s * 0.75f;
                float mirrored = g * Room * 0.5f;
                if (mirrored > 0.02f)
                {
                    diffuse *= 1 + (mirrored * (Exact.Sin((nx * mx) + (ny * my) + (Direction * 7)) - flatRoom));
                }

                diffuse *= 1 - (0.35f * g);
                red.Data[i] = wr * ((layers.R.Data[i] * diffuse) + shine);
                green.Data[i] = wg * ((layers.G.Data[i] * diffuse) + shine);
                blue.Data[i] = wb * ((layers.B.Data[i] * diffuse) + shine);
            }
        }

        return [red, green, blue];
    }

    private Plane CastShadow(Arena arena, Plane cover, float lx, float ly)
    {
        int size = cover.Size;
        var soft = Blur.Soft(arena, cover, Math.Max(1, (int)(ShadowReach * size * 0.6f)));
        int dx = (int)MathF.Round(lx * ShadowReach * size), dy = (int)MathF.Round(ly * ShadowReach * size);
        var moved = arena.New();
        for (int y = 0; y < size; y++)
        {
            int from = Math.Clamp(y + dy, 0, size - 1) * size;
            for (int x = 0; x < size; x++)
            {
                moved.Data[(y * size) + x] = soft.Data[from + Math.Clamp(x + dx, 0, size - 1)];
            }
        }

        return moved;
    }
}
