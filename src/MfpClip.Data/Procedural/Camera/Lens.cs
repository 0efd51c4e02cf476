using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Camera;

/// <summary>What lies between the lit scene and the file: uneven light, vignette, resolution, focus, tone, noise, grey, compression.</summary>
internal sealed class Lens
{
    private readonly SeededRandom _noise;
    private readonly float _slope, _turn, _vignette, _resolution, _blur, _gamma, _gain, _offset, _coarse, _color, _spot, _spotX, _spotY, _spotSize;
    private readonly bool _grey;
    private readonly int _quality;

    private Lens(SeededRandom r)
    {
        (_slope, _turn) = (r.Chance(0.6f) ? r.Between(0, 0.45f) : 0, r.Next());
        _vignette = r.Chance(0.35f) ? r.Between(0.05f, 0.5f) : 0;
        _spot = r.Chance(0.25f) ? r.Between(-0.35f, 0.7f) : 0;
        (_spotX, _spotY, _spotSize) = (r.Between(-0.5f, 0.5f), r.Between(-0.5f, 0.5f), r.Between(0.1f, 0.5f));
        _resolution = r.Chance(0.35f) ? r.Between(1.15f, 2.6f) : 1;
        _blur = r.Chance(0.45f) ? r.Between(0.35f, 1.2f) : 0;
        _gamma = r.Chance(0.7f) ? r.LogBetween(0.7f, 1.45f) : 1;
        (_gain, _offset) = (r.Between(0.82f, 1.12f), r.Between(-0.03f, 0.05f));
        Noise = r.Chance(0.85f) ? r.LogBetween(0.003f, 0.025f) : 0;
        (_coarse, _color) = (r.Chance(0.3f) ? r.Between(0.3f, 0.8f) : 0, r.Between(0, 0.7f));
        _grey = r.Chance(0.28f);
        _quality = r.Chance(0.6f) ? r.Count(45, 97) : 0;
        _noise = r.Fork();
    }

    /// <summary>Deviation of the noise, of 1.</summary>
    public float Noise { get; }

    public static Lens Draw(SeededRandom random) => new(random);

    /// <summary>Bytes as they are without a camera.</summary>
    public static byte[] Plain(Plane[] lit)
    {
        int count = lit[0].Data.Length;
        var bytes = new byte[count * 3];
        for (int c = 0; c < 3; c++)
        {
            float[] plane = lit[c].Data;
            for (int i = 0, at = c; i < count; i++, at += 3)
            {
                bytes[at] = (byte)(Math.Clamp(plane[i], 0f, 1f) * 255 + 0.5f);
            }
        }

        return bytes;
    }

    /// <summary>Bytes as this camera stores them; called once.</summary>
    public byte[] Take(Arena arena, Plane[] lit)
    {
        int size = arena.Size;
        var planes = new[] { arena.Copy(lit[0]), arena.Copy(lit[1]), arena.Copy(lit[2]) };
        Expose(planes, size);
        foreach (var plane in planes)
        {
            if (_resolution > 1)
            {
                Coarsen(arena, plane);
            }

            if (_blur > 0)
            {
                Blur.Gaussian(arena, plane, _blur * size / 320f + 0.1f);
            }
        }

        Plane common = AddNoise(arena, planes, size);
        for (int c = 0; c < 3; c++)
        {
            float[] p = planes[c].Data, n = common.Data;
            for (int i = 0; i < p.Length; i++)
            {
                p[i] = Math.Clamp(p[i] + n[i], 0f, 1f) * 255;
            }
        }

        if (_grey)
        {
            for (int i = 0; i < common.Data.Length; i++)
            {
                float v = (0.3f * planes[0].Data[i]) + (0.59f * planes[1].Data[i]) + (0.11f * planes[2].Data[i]);
                planes[0].Data[i] = planes[1].Data[i] = planes[2].Data[i] = v;
            }
        }

        if (_quality > 0)
        {
            Jpeg.Compress(arena, planes, _quality);
        }

        foreach (var plane in planes)
        {
            plane.Scale(1 / 255f);
        }

        return Plain(planes);
    }

    // The tone curve is a table: one power an entry instead of one a pixel.
    private void Expose(Plane[] planes, int size)
    {
        const int Steps = 1024;
        var curve = new float[Steps + 2];
        for (int i = 0; i < curve.Length; i++)
        {
            curve[i] = Exact.Pow(i / (float)Steps, _gamma);
        }

        float lx = _slope * Exact.Cos(_turn), ly = _slope * Exact.Sin(_turn);
        foreach (var plane in planes)
        {
            for (int y = 0, i = 0; y < size; y++)
            {
                float v = ((y + 0.5f) / size) - 0.5f;
                for (int x = 0; x < size; x++, i++)
                {
                    float u = ((x + 0.5f) / size) - 0.5f;
                    float light = (1 + (u * lx) + (v * ly)) * (1 - (_vignette * 1.6f * ((u * u) + (v * v))));
                    if (_spot != 0)
                    {
                        // A lamp's glow, or a broad shadow.
                        float du = (u - _spotX) / _spotSize, dv = (v - _spotY) / _spotSize, q = 1 + (du * du) + (dv * dv);
                        light *= 1 + (_spot / (q * q));
                    }

                    float t = Math.Clamp((plane.Data[i] * light * _gain) + _offset, 0f, 1f) * Steps;
                    int k = (int)t;
                    plane.Data[i] = curve[k] + ((t - k) * (curve[k + 1] - curve[k]));
                }
            }
        }
    }

    // A source of fewer pixels, scaled up.
    private void Coarsen(Arena arena, Plane plane)
    {
        int size = plane.Size, small = Math.Max(8, (int)(size / _resolution));
        Blur.Gaussian(arena, plane, 0.4f * size / small);
        float[] data = arena.Rent(small * small);
        float ratio = (float)size / small;
        for (int y = 0; y < small; y++)
        {
            for (int x = 0; x < small; x++)
            {
                data[(y * small) + x] = plane.Sample(((x + 0.5f) * ratio) - 0.5f, ((y + 0.5f) * ratio) - 0.5f);
            }
        }

        var source = new Plane(data, small);
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                plane.Data[(y * size) + x] = source.Sample(((x + 0.5f) / ratio) - 0.5f, ((y + 0.5f) / ratio) - 0.5f);
            }
        }
    }

    private Plane AddNoise(Arena arena, Plane[] planes, int size)
    {
        var common = arena.New();
        if (Noise == 0)
        {
            return common;
        }

        float own = Noise * _color;
        for (int i = 0; i < common.Data.Length; i++)
        {
            common.Data[i] = Noise * _noise.Normal();
            ulong bits = _noise.Bits();
            planes[0].Data[i] += own * ((int)(bits & 0xFFFF) + (int)((bits >> 16) & 0xFFFF) - 65535) * (1f / 26754);
            planes[2].Data[i] += own * ((int)((bits >> 32) & 0xFFFF) + (int)(bits >> 48) - 65535) * (1f / 26754);
        }

        if (_coarse > 0)
        {
            Blur.Gaussian(arena, common, _coarse * size / 320f + 0.2f);
        }

        return common;
    }
}
