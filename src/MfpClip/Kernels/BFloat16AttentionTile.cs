using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MfpClip.Kernels;

/// <summary>
/// What one thread needs to compute attention in bfloat16: keys of a head <c>[d / 2, T', 2]</c> and values <c>[T' / 2, d, 2]</c> as products
/// want them, scores of a block float32 <c>[32, T']</c>, its weights bfloat16 and results float32 <c>[32, d]</c>. Kept for later calls.
/// </summary>
internal sealed unsafe class BFloat16AttentionTile
{
    /// <summary>Queries of a block: scores and weights of so many stay in the second-level cache with keys and values.</summary>
    public const int Rows = 32;

    private const float Hidden = -1e30f; // its weight is 0
    private static readonly ConcurrentBag<BFloat16AttentionTile> Pool = [];

    private readonly int _capacity;
    private readonly int _depth;
    private readonly ushort* _keys;
    private readonly ushort* _values;
    private readonly float* _scores;
    private readonly ushort* _weights;
    private readonly float* _results;
    private int _tokens;
    private int _padded;
    private int _head;

    private BFloat16AttentionTile(int capacity, int depth)
    {
        (_capacity, _depth) = (capacity, depth);
        _keys = (ushort*)Allocate(2L * capacity * depth);
        _values = (ushort*)Allocate(2L * capacity * depth);
        _scores = (float*)Allocate(4L * capacity * Rows);
        _weights = (ushort*)Allocate(2L * capacity * Rows);
        _results = (float*)Allocate(4L * depth * Rows);
    }

    ~BFloat16AttentionTile()
    {
        NativeMemory.AlignedFree(_keys);
        NativeMemory.AlignedFree(_values);
        NativeMemory.AlignedFree(_scores);
        NativeMemory.AlignedFree(_weights);
        NativeMemory.AlignedFree(_results);
    }

    /// <summary>A tile for that many tokens of that depth.</summary>
    public static BFloat16AttentionTile Rent(int tokens, int depth)
    {
        int padded = (tokens + 31) / 32 * 32;
        if (!Pool.TryTake(out var tile) || tile._capacity < padded || tile._depth != depth)
        {
            tile = new(padded, depth);
        }

        if (tokens != tile._tokens)
        {
            // What lies beyond the last token counts as zero.
            NativeMemory.Clear(tile._keys, (nuint)tile._capacity * (nuint)depth * sizeof(ushort));
            NativeMemory.Clear(tile._values, (nuint)tile._capacity * (nuint)depth * sizeof(ushort));
        }

        (tile._tokens, tile._padded, tile._head) = (tokens, padded, -1);
        return tile;
    }

    /// <summary>Keeps the tile for the next call, unless enough are kept.</summary>
    public static void Return(BFloat16AttentionTile tile)
    {
        if (Pool.Count < ThreadLimit.Count)
        {
            Pool.Add(tile);
        }
    }

    /// <summary>Brings keys and values of a head into the cache, unless they are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void LoadHead(AttentionHead head, int number)
    {
        if (_head == number)
        {
            return;
        }

        _head = number;
        var source = (ushort*)head.Qkv;
        for (int t = 0; t < _tokens; t++)
        {
            // Two values of a key, 32 bits, are one step of the sum.
            var key = (uint*)(source + head.Input(t, 1));
            var column = (uint*)_keys + t;
            for (int i = 0; i < _depth / 2; i++, column += _padded)
            {
                *column = key[i];
            }
        }

        for (int t = 0; t < _tokens; t += 2)
        {
            ushort* even = source + head.Input(t, 2);
            for (int i = 0; i < _depth; i += 16)
            {
                var pairs = Avx512F.ConvertToVector512UInt32(Vector256.Load(even + i));
                if (t + 1 < _tokens)
                {
                    pairs |= Avx512F.ShiftLeftLogical(Avx512F.ConvertToVector512UInt32(Vector256.Load(source + head.Input(t + 1, 2) + i)), 16);
                }

                pairs.Store((uint*)_values + ((long)t / 2 * _depth) + i);
            }
        }
    }

    /// <summary>A block of queries from scores to results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Attend(AttentionHead head, int row, int rows)
    {
        // One shape of product for all blocks, so that it is made once: the last block begins early, and only its new rows are kept.
        int count = Math.Min(Rows, _tokens), first = Math.Min(row, _tokens - count), skipped = row - first;
        TileProducts.Multiply(count, _padded, _depth, (ushort*)head.Qkv + head.Input(first, 0), head.Input(1, 0) - head.Input(0, 0), _keys,
            _padded, _scores, _padded);
        float scale = (float)(1.4426950408889634 / Math.Sqrt(_depth)); // to base 2
        float* sums = stackalloc float[Rows];
        for (int i = skipped; i < skipped + rows; i++)
        {
            sums[i] = Softmax(_scores + ((long)i * _padded), _weights + ((long)i * _padded), head.Causal ? first + i + 1 : _tokens, _padded, scale);
        }

        TileProducts.Multiply(count, _depth, _padded, _weights, _padded, _values, _depth, _results, _depth);
        for (int i = skipped; i < skipped + rows; i++)
        {
            var share = Vector512.Create(1 / sums[i]);
            for (int j = 0; j < _depth; j += 16)
            {
                VectorMath.Store(Vector512.Load(_results + ((long)i * _depth) + j) * share, head.Output, head.Result(first + i) + j, half: true);
            }
        }
    }

    private static void* Allocate(long bytes)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes, 64);
        NativeMemory.Clear(memory, (nuint)bytes);
        return memory;
    }

    /// <summary>Scores of one query to weights relative to the largest; 0 from <paramref name="seen"/> on. Returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Softmax(float* scores, ushort* weights, int seen, int padded, float scale)
    {
        for (int i = seen; i < padded; i++)
        {
            scores[i] = Hidden;
        }

        Vector512<float> a = Vector512.Create(Hidden), b = a;
        for (int i = 0; i < padded; i += 32)
        {
            a = Vector512.MaxNative(a, Vector512.Load(scores + i));
            b = Vector512.MaxNative(b, Vector512.Load(scores + i + 16));
        }

        a = Vector512.MaxNative(a, b);
        float max = Hidden;
        for (int i = 0; i < 16; i++)
        {
            max = Math.Max(max, a[i]);
        }

        var factor = Vector512.Create(scale);
        var shift = Vector512.Create(-max * scale);
        Vector512<float> sumA = default, sumB = default;
        for (int i = 0; i < padded; i += 32)
        {
            var x = VectorMath.Exp2(Vector512.FusedMultiplyAdd(Vector512.Load(scores + i), factor, shift));
            var y = VectorMath.Exp2(Vector512.FusedMultiplyAdd(Vector512.Load(scores + i + 16), factor, shift));
            VectorMath.StorePair(x, y, weights + i);
            sumA += x;
            sumB += y;
        }

        return Vector512.Sum(sumA + sumB);
    }
}
