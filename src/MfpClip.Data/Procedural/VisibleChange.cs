using MfpClip.Data.Procedural.Canvas;

namespace MfpClip.Data.Procedural;

/// <summary>Where an image visibly differs from another.</summary>
internal sealed class VisibleChange(Arena arena, Plane[] good, float noise)
{
    // Of 1: about six grey levels, more where the camera is noisy.
    private readonly float _threshold = 0.022f + (0.5f * noise);

    /// <summary>The defect as it shows against the image before it; <see langword="null"/>: too faint, too small or too large.</summary>
    public PlacedDefect? Measure(Plane[] before, Plane[] after, DefectKind kind)
    {
        int size = arena.Size;
        var difference = Difference(before, after);
        var smooth = Smooth(difference);
        int count = 0, left = size, top = size, right = -1, bottom = -1;
        double sum = 0, mean = 0, squares = 0;
        for (int y = 0, i = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++, i++)
            {
                if (smooth.Data[i] > _threshold)
                {
                    count++;
                    sum += difference.Data[i];
                    float g = before[1].Data[i];
                    mean += g;
                    squares += g * g;
                    (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x), Math.Max(bottom, y));
                }
            }
        }

        float share = (float)count / (size * size);
        if (count < 6 || share < 0.0004f || share > 0.28f)
        {
            return null;
        }

        // Small defects must stand out of the noise and of the texture; large ones add up.
        float few = 1 / (1 + (share * 200));
        double spread = Math.Sqrt(Math.Max(0, (squares / count) - (mean / count * mean / count)));
        double need = 0.028 + (noise * 0.6) + (few * (0.03 + (1.2 * noise) + (0.35 * Math.Min(spread, 0.2))));
        return sum / count < need ? null : new(kind, share, left, top, right - left + 1, bottom - top + 1);
    }

    /// <summary>The mask of the finished image; where it is false the image is made the good one again, to the last bit.</summary>
    public bool[] Settle(Plane[] after)
    {
        var smooth = Smooth(Difference(good, after));
        var mask = new bool[smooth.Data.Length];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = smooth.Data[i] > _threshold;
            if (!mask[i])
            {
                for (int c = 0; c < 3; c++)
                {
                    after[c].Data[i] = good[c].Data[i];
                }
            }
        }

        return mask;
    }

    // Largest change of a channel, as far as a file can show it.
    private Plane Difference(Plane[] before, Plane[] after)
    {
        var plane = arena.New();
        for (int c = 0; c < 3; c++)
        {
            float[] a = before[c].Data, b = after[c].Data, d = plane.Data;
            for (int i = 0; i < d.Length; i++)
            {
                d[i] = Math.Max(d[i], Math.Abs(Math.Clamp(a[i], 0f, 1f) - Math.Clamp(b[i], 0f, 1f)));
            }
        }

        return plane;
    }

    // Half the pixel's own change, half its 3 x 3 neighbourhood's, so that a thin line stays thin; within a speckled change (of a pattern, say) what the
    // wider neighbourhood says, so that a region is one region.
    private Plane Smooth(Plane plane)
    {
        Plane near = Blur.Mean(arena, plane, 1), wide = Blur.Mean(arena, plane, Math.Max(2, arena.Size / 90));
        float[] p = plane.Data, n = near.Data, w = wide.Data;
        for (int i = 0; i < p.Length; i++)
        {
            float own = 0.5f * (p[i] + n[i]);
            n[i] = n[i] > _threshold * 0.3f ? Math.Max(own, w[i] * 0.85f) : own;
        }

        // Holes of a few pixels close.
        var inside = arena.New();
        for (int i = 0; i < n.Length; i++)
        {
            inside.Data[i] = n[i] > _threshold ? 1 : 0;
        }

        var share = Blur.Mean(arena, inside, Math.Max(1, arena.Size / 100));
        for (int i = 0; i < n.Length; i++)
        {
            n[i] = share.Data[i] > 0.6f ? Math.Max(n[i], _threshold * 1.001f) : n[i];
        }

        return near;
    }
}
