using System.Collections.Concurrent;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Canvas;

/// <summary>One number a pixel of a square image, row by row.</summary>
internal sealed class Plane(float[] data, int size)
{
    public float[] Data { get; } = data;

    public int Size { get; } = size;

    public float this[int x, int y] => Data[(y * Size) + x];

    /// <summary>Value at a place in pixels, between pixel centres linearly, beyond the edge the edge's.</summary>
    public float Sample(float x, float y)
    {
        x = Math.Clamp(x, 0f, Size - 1.001f);
        y = Math.Clamp(y, 0f, Size - 1.001f);
        int ix = (int)x, iy = (int)y, at = (iy * Size) + ix;
        float fx = x - ix, fy = y - iy;
        float top = Data[at] + (fx * (Data[at + 1] - Data[at]));
        float bottom = Data[at + Size] + (fx * (Data[at + Size + 1] - Data[at + Size]));
        return top + (fy * (bottom - top));
    }

    public void CopyTo(Plane other) => Data.AsSpan().CopyTo(other.Data);

    /// <summary>v * factor + add, everywhere.</summary>
    public Plane Scale(float factor, float add = 0)
    {
        for (int i = 0; i < Data.Length; i++)
        {
            Data[i] = (Data[i] * factor) + add;
        }

        return this;
    }

    /// <summary>Adds another plane times a factor.</summary>
    public Plane Add(Plane other, float factor = 1)
    {
        float[] o = other.Data;
        for (int i = 0; i < Data.Length; i++)
        {
            Data[i] += o[i] * factor;
        }

        return this;
    }

    /// <summary>Multiplies by another plane.</summary>
    public Plane Multiply(Plane other)
    {
        float[] o = other.Data;
        for (int i = 0; i < Data.Length; i++)
        {
            Data[i] *= o[i];
        }

        return this;
    }

    /// <summary>0 below one bound, 1 above the other, smooth between.</summary>
    public Plane Step(float from, float to)
    {
        for (int i = 0; i < Data.Length; i++)
        {
            Data[i] = Exact.Step(from, to, Data[i]);
        }

        return this;
    }
}

/// <summary>Planes of one size for one image, given back together: large arrays are not made again for each image.</summary>
internal sealed class Arena(int size) : IDisposable
{
    private const int Kept = 512;
    private static readonly ConcurrentDictionary<int, ConcurrentBag<float[]>> Pools = new();
    private readonly List<float[]> _used = [];

    public int Size { get; } = size;

    /// <summary>A plane of this size; zero everywhere.</summary>
    public Plane New()
    {
        float[] data = Rent(Size * Size);
        Array.Clear(data);
        return new(data, Size);
    }

    /// <summary>A copy of a plane.</summary>
    public Plane Copy(Plane plane)
    {
        var copy = new Plane(Rent(Size * Size), Size);
        plane.CopyTo(copy);
        return copy;
    }

    /// <summary>An array of any length whose content is not defined.</summary>
    public float[] Rent(int length)
    {
        float[] data = Pools.TryGetValue(length, out var pool) && pool.TryTake(out float[]? found) ? found : new float[length];
        _used.Add(data);
        return data;
    }

    public void Dispose()
    {
        foreach (float[] data in _used)
        {
            var pool = Pools.GetOrAdd(data.Length, _ => []);
            if (pool.Count < Kept)
            {
                pool.Add(data);
            }
        }

        _used.Clear();
    }
}
