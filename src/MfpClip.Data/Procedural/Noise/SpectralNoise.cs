using MfpClip.Data.Procedural.Canvas;

namespace MfpClip.Data.Procedural.Noise;

/// <summary>Power of each wave of a random field.</summary>
/// <param name="Slope">Power falls as frequency to minus this: 0 white, 1 rough, 2 cloudy, 3 and more smooth.</param>
/// <param name="Low">Waves below this many an image width fade out; 0 keeps them.</param>
/// <param name="High">Waves above this many an image width fade out.</param>
/// <param name="Stretch">How many times longer features are along the direction than across it; 1 in all directions alike.</param>
/// <param name="Direction">Direction of the stretch, in turns.</param>
internal readonly record struct Spectrum(float Slope, float Low = 0, float High = 1e6f, float Stretch = 1, float Direction = 0);

/// <summary>Random fields of a given spectrum, mean 0 and deviation 1: white noise shaped in the frequency domain.</summary>
internal static class SpectralNoise
{
    /// <summary>Two independent fields at the price of one: the parts of a complex field.</summary>
    public static (Plane First, Plane Second) Pair(Arena arena, SeededRandom random, Spectrum spectrum)
    {
        int size = arena.Size;
        // Smooth fields are made small and enlarged.
        int reduce = spectrum.Stretch <= 1.01f && spectrum.High * 10 < size ? 4 : 1;
        int n = 16;
        while (n * reduce < size + (4 * reduce))
        {
            n *= 2;
        }

        float[] re = arena.Rent(n * n), im = arena.Rent(n * n);
        float wavesPerImage = (float)size / (n * reduce);
        Shape(re, im, n, random, spectrum, wavesPerImage);
        Fft.Inverse(re, im, n);
        return (Finish(arena, re, n, reduce), Finish(arena, im, n, reduce));
    }

    /// <summary>One field.</summary>
    public static Plane One(Arena arena, SeededRandom random, Spectrum spectrum) => Pair(arena, random, spectrum).First;

    private static void Shape(float[] re, float[] im, int n, SeededRandom random, Spectrum s, float wavesPerImage)
    {
        var (cos, sin) = (Exact.Cos(s.Direction), Exact.Sin(s.Direction));
        const int Steps = 4;
        int longest = (int)(n * Math.Max(1, s.Stretch) * 0.75f * Steps) + 2;
        var amplitude = new float[longest];
        for (int i = 1; i < longest; i++)
        {
            float waves = i * wavesPerImage / Steps;
            float low = s.Low / waves, high = waves / s.High;
            float a = Exact.Pow(waves, -s.Slope / 2) / (1 + (high * high * high * high));
            amplitude[i] = a / (1 + (low * low * low * low));
        }

        for (int y = 0; y < n; y++)
        {
            int fy = y < n / 2 ? y : y - n;
            for (int x = 0; x < n; x++)
            {
                int fx = x < n / 2 ? x : x - n;
                float along = ((cos * fx) + (sin * fy)) * s.Stretch, across = (cos * fy) - (sin * fx);
                float a = amplitude[Math.Min(longest - 1, (int)((MathF.Sqrt((along * along) + (across * across)) * Steps) + 0.5f))];
                ulong bits = random.Bits();
                re[(y * n) + x] = a * ((int)(bits & 0xFFFF) + (int)((bits >> 16) & 0xFFFF) - 65535);
                im[(y * n) + x] = a * ((int)((bits >> 32) & 0xFFFF) + (int)(bits >> 48) - 65535);
            }
        }

        (re[0], im[0]) = (0, 0);
    }

    private static Plane Finish(Arena arena, float[] field, int n, int reduce)
    {
        int size = arena.Size;
        var plane = new Plane(arena.Rent(size * size), size);
        if (reduce == 1)
        {
            for (int y = 0; y < size; y++)
            {
                field.AsSpan(y * n, size).CopyTo(plane.Data.AsSpan(y * size));
            }
        }
        else
        {
            Enlarge(arena, field, n, reduce, plane);
        }

        double sum = 0, squares = 0;
        foreach (float v in plane.Data)
        {
            sum += v;
            squares += (double)v * v;
        }

        double mean = sum / plane.Data.Length, variance = (squares / plane.Data.Length) - (mean * mean);
        float scale = variance > 0 ? (float)(1 / Math.Sqrt(variance)) : 0;
        return plane.Scale(scale, -(float)mean * scale);
    }

    // Cubic B-spline: smooth to the second derivative, so the light shows no facets.
    private static void Enlarge(Arena arena, float[] field, int n, int reduce, Plane plane)
    {
        int size = plane.Size;
        float[] rows = arena.Rent(n * size);
        for (int x = 0; x < size; x++)
        {
            var (at, a, b, c, d) = Spline(x, reduce);
            for (int y = 0; y < n; y++)
            {
                int i = (y * n) + at;
                rows[(y * size) + x] = (a * field[i]) + (b * field[i + 1]) + (c * field[i + 2]) + (d * field[i + 3]);
            }
        }

        for (int y = 0; y < size; y++)
        {
            var (at, a, b, c, d) = Spline(y, reduce);
            int i = at * size;
            for (int x = 0; x < size; x++)
            {
                plane.Data[(y * size) + x] = (a * rows[i + x]) + (b * rows[i + size + x]) + (c * rows[i + (2 * size) + x]) + (d * rows[i + (3 * size) + x]);
            }
        }
    }

    private static (int At, float A, float B, float C, float D) Spline(int pixel, int reduce)
    {
        float place = (float)pixel / reduce;
        int at = (int)place;
        float t = place - at, u = 1 - t;
        return (at, u * u * u / 6, (4 - (6 * t * t) + (3 * t * t * t)) / 6, (4 - (6 * u * u) + (3 * u * u * u)) / 6, t * t * t / 6);
    }
}
