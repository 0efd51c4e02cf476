using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MfpClip.Kernels;

/// <summary>
/// What one thread needs to compute attention: keys of a head transposed in panels <c>[T' / 32, d, 32]</c>, values in panels
/// <c>[d' / 32, T, 32]</c>, queries of a block <c>[d, 12]</c> and scores of a block <c>[12, T']</c>, all float32. Kept for later calls.
/// </summary>
internal sealed unsafe class AttentionTile
{
    /// <summary>Queries of a block: with two vectors of keys, 24 of the 32 registers sum.</summary>
    public const int Rows = 12;

    private const int Panel = 32; // keys, or columns of values, that a block of queries meets at a time; a panel streams through the cache in order
    private const float Hidden = -1e30f; // its weight is 0
    private static readonly ConcurrentBag<AttentionTile> Pool = [];

    private readonly int _capacity;
    private readonly int _depth;
    private readonly float* _keys;
    private readonly float* _values;
    private readonly float* _queries;
    private readonly float* _scores;
    private int _tokens;
    private int _head;

    private AttentionTile(int capacity, int depth)
    {
        _capacity = capacity;
        _depth = depth;
        _keys = Allocate(capacity);
        _values = Allocate(capacity);
        _queries = Allocate(depth * Rows);
        _scores = Allocate(capacity / depth * Rows);
    }

    ~AttentionTile()
    {
        NativeMemory.AlignedFree(_keys);
        NativeMemory.AlignedFree(_values);
        NativeMemory.AlignedFree(_queries);
        NativeMemory.AlignedFree(_scores);
    }

    /// <summary>A tile for that many tokens of that depth.</summary>
    public static AttentionTile Rent(int tokens, int depth)
    {
        int padded = (tokens + Panel - 1) / Panel * Panel, wide = (depth + Panel - 1) / Panel * Panel;
        if (!Pool.TryTake(out var tile) || tile._capacity < padded * wide || tile._depth != depth)
        {
            tile = new(padded * wide, depth);
        }

        tile.Prepare(tokens);
        return tile;
    }

    /// <summary>Keeps the tile for the next call, unless enough are kept.</summary>
    public static void Return(AttentionTile tile)
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
        for (int t = 0; t < _tokens; t++)
        {
            long key = head.Input(t, 1), value = head.Input(t, 2);
            float* column = _keys + ((long)(t / Panel) * _depth * Panel) + (t % Panel);
            for (int i = 0; i < _depth; i += 16)
            {
                VectorMath.Load(head.Qkv, value + i, head.Half).Store(_values + ((((long)(i / Panel) * _tokens) + t) * Panel) + (i % Panel));
                for (int j = i; j < i + 16; j++, column += Panel)
                {
                    *column = VectorMath.Scalar(head.Qkv, key + j, head.Half);
                }
            }
        }
    }

    /// <summary>A block of queries from scores to results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Attend(AttentionHead head, int row, int rows)
    {
        int seen = head.Causal ? row + rows : _tokens; // keys that some query of the block sees
        int padded = (seen + Panel - 1) / Panel * Panel;
        LoadQueries(head, row, rows);
        Scores(_queries, _depth, _keys, padded, _scores);
        float* sums = stackalloc float[Rows];
        for (int i = 0; i < rows; i++)
        {
            sums[i] = Softmax(_scores + ((long)i * padded), head.Causal ? row + i + 1 : seen, padded);
        }

        var block = stackalloc Vector512<float>[2 * Rows];
        for (int panel = 0; panel < _depth; panel += Panel)
        {
            Values(_scores, padded, _values + ((long)panel * _tokens), seen, block);
            Write(head, row, rows, panel, sums, block);
        }
    }

    private static float* Allocate(int count)
    {
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        NativeMemory.Clear(memory, (nuint)count * sizeof(float));
        return memory;
    }

    private void Prepare(int tokens)
    {
        if (tokens != _tokens)
        {
            // What lies beyond the last token and the last column counts as zero.
            NativeMemory.Clear(_keys, (nuint)_capacity * sizeof(float));
            NativeMemory.Clear(_values, (nuint)_capacity * sizeof(float));
        }

        (_tokens, _head) = (tokens, -1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LoadQueries(AttentionHead head, int row, int rows)
    {
        float scale = (float)(1.4426950408889634 / Math.Sqrt(_depth)); // to base 2
        if (!head.Half && rows == Rows)
        {
            float* first = (float*)head.Qkv + head.Input(row, 0), to = _queries;
            long stride = head.Input(1, 0) - head.Input(0, 0);
            for (int j = 0; j < _depth; j++, first++, to += Rows)
            {
                float* query = first;
                for (int i = 0; i < Rows; i += 4, query += 4 * stride)
                {
                    to[i] = scale * query[0];
                    to[i + 1] = scale * query[stride];
                    to[i + 2] = scale * query[2 * stride];
                    to[i + 3] = scale * query[3 * stride];
                }
            }

            return;
        }

        for (int i = 0; i < rows; i++)
        {
            long query = head.Input(row + i, 0);
            for (int j = 0; j < _depth; j++)
            {
                _queries[(j * Rows) + i] = scale * VectorMath.Scalar(head.Qkv, query + j, head.Half);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(AttentionHead head, int row, int rows, int panel, float* sums, Vector512<float>* block)
    {
        int columns = Math.Min(Panel, _depth - panel);
        for (int i = 0; i < rows; i++)
        {
            var share = Vector512.Create(1 / sums[i]);
            for (int j = 0; j < columns; j += 16)
            {
                VectorMath.Store(block[(2 * i) + (j / 16)] * share, head.Output, head.Result(row + i) + panel + j, head.Half);
            }
        }
    }

    // This product and Values differ in how they read the first operand. As one routine that both call they were 6 % slower.
    /// <summary>Scores [12, count] = queries [depth, 12]^T keys [count / 32, depth, 32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores(float* queries, int depth, float* keys, int count, float* scores)
    {
        for (int n = 0; n < count; n += Panel)
        {
            Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
            Vector512<float> e0 = default, e1 = default, f0 = default, f1 = default, g0 = default, g1 = default, h0 = default, h1 = default;
            Vector512<float> i0 = default, i1 = default, j0 = default, j1 = default, k0 = default, k1 = default, l0 = default, l1 = default;
            float* key = keys + ((long)n * depth);
            float* query = queries;
            for (int d = 0; d < depth; d++)
            {
                var x = Vector512.Load(key);
                var y = Vector512.Load(key + 16);
                var q = Vector512.Create(query[0]);
                (a0, a1) = (Vector512.FusedMultiplyAdd(q, x, a0), Vector512.FusedMultiplyAdd(q, y, a1));
                q = Vector512.Create(query[1]);
                (b0, b1) = (Vector512.FusedMultiplyAdd(q, x, b0), Vector512.FusedMultiplyAdd(q, y, b1));
                q = Vector512.Create(query[2]);
                (c0, c1) = (Vector512.FusedMultiplyAdd(q, x, c0), Vector512.FusedMultiplyAdd(q, y, c1));
                q = Vector512.Create(query[3]);
                (d0, d1) = (Vector512.FusedMultiplyAdd(q, x, d0), Vector512.FusedMultiplyAdd(q, y, d1));
                q = Vector512.Create(query[4]);
                (e0, e1) = (Vector512.FusedMultiplyAdd(q, x, e0), Vector512.FusedMultiplyAdd(q, y, e1));
                q = Vector512.Create(query[5]);
                (f0, f1) = (Vector512.FusedMultiplyAdd(q, x, f0), Vector512.FusedMultiplyAdd(q, y, f1));
                q = Vector512.Create(query[6]);
                (g0, g1) = (Vector512.FusedMultiplyAdd(q, x, g0), Vector512.FusedMultiplyAdd(q, y, g1));
                q = Vector512.Create(query[7]);
                (h0, h1) = (Vector512.FusedMultiplyAdd(q, x, h0), Vector512.FusedMultiplyAdd(q, y, h1));
                q = Vector512.Create(query[8]);
                (i0, i1) = (Vector512.FusedMultiplyAdd(q, x, i0), Vector512.FusedMultiplyAdd(q, y, i1));
                q = Vector512.Create(query[9]);
                (j0, j1) = (Vector512.FusedMultiplyAdd(q, x, j0), Vector512.FusedMultiplyAdd(q, y, j1));
                q = Vector512.Create(query[10]);
                (k0, k1) = (Vector512.FusedMultiplyAdd(q, x, k0), Vector512.FusedMultiplyAdd(q, y, k1));
                q = Vector512.Create(query[11]);
                (l0, l1) = (Vector512.FusedMultiplyAdd(q, x, l0), Vector512.FusedMultiplyAdd(q, y, l1));
                key += Panel;
                query += Rows;
            }

            float* to = scores + n;
            Put(to, a0, a1);
            Put(to += count, b0, b1);
            Put(to += count, c0, c1);
            Put(to += count, d0, d1);
            Put(to += count, e0, e1);
            Put(to += count, f0, f1);
            Put(to += count, g0, g1);
            Put(to += count, h0, h1);
            Put(to += count, i0, i1);
            Put(to += count, j0, j1);
            Put(to += count, k0, k1);
            Put(to + count, l0, l1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* to, Vector512<float> low, Vector512<float> high)
    {
        low.Store(to);
        high.Store(to + 16);
    }

    /// <summary>Scores of one query to weights relative to the largest; 0 from <paramref name="seen"/> on. Returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Softmax(float* scores, int seen, int padded)
    {
        for (int i = seen; i < padded; i++)
        {
            scores[i] = Hidden;
        }

        var largest = Vector512.Create(Hidden);
        for (int i = 0; i < padded; i += 16)
        {
            largest = Vector512.MaxNative(largest, Vector512.Load(scores + i));
        }

        float max = Hidden;
        for (int i = 0; i < 16; i++)
        {
            max = Math.Max(max, largest[i]);
        }

        var shift = Vector512.Create(max);
        var sum = Vector512<float>.Zero;
        for (int i = 0; i < padded; i += 16)
        {
            var weight = VectorMath.Exp2(Vector512.Load(scores + i) - shift);
            weight.Store(scores + i);
            sum += weight;
        }

        return Vector512.Sum(sum);
    }

    /// <summary>Twelve rows of weights [12, stride] times 32 columns of values [count, 32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values(float* weights, long stride, float* values, int count, Vector512<float>* result)
    {
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        Vector512<float> e0 = default, e1 = default, f0 = default, f1 = default, g0 = default, g1 = default, h0 = default, h1 = default;
        Vector512<float> i0 = default, i1 = default, j0 = default, j1 = default, k0 = default, k1 = default, l0 = default, l1 = default;
        float* fourth = weights + (3 * stride), seventh = fourth + (3 * stride), tenth = seventh + (3 * stride);
        for (int n = 0; n < count; n++)
        {
            var x = Vector512.Load(values);
            var y = Vector512.Load(values + 16);
            var w = Vector512.Create(weights[n]);
            (a0, a1) = (Vector512.FusedMultiplyAdd(w, x, a0), Vector512.FusedMultiplyAdd(w, y, a1));
            w = Vector512.Create(weights[stride + n]);
            (b0, b1) = (Vector512.FusedMultiplyAdd(w, x, b0), Vector512.FusedMultiplyAdd(w, y, b1));
            w = Vector512.Create(weights[(2 * stride) + n]);
            (c0, c1) = (Vector512.FusedMultiplyAdd(w, x, c0), Vector512.FusedMultiplyAdd(w, y, c1));
            w = Vector512.Create(fourth[n]);
            (d0, d1) = (Vector512.FusedMultiplyAdd(w, x, d0), Vector512.FusedMultiplyAdd(w, y, d1));
            w = Vector512.Create(fourth[stride + n]);
            (e0, e1) = (Vector512.FusedMultiplyAdd(w, x, e0), Vector512.FusedMultiplyAdd(w, y, e1));
            w = Vector512.Create(fourth[(2 * stride) + n]);
            (f0, f1) = (Vector512.FusedMultiplyAdd(w, x, f0), Vector512.FusedMultiplyAdd(w, y, f1));
            w = Vector512.Create(seventh[n]);
            (g0, g1) = (Vector512.FusedMultiplyAdd(w, x, g0), Vector512.FusedMultiplyAdd(w, y, g1));
            w = Vector512.Create(seventh[stride + n]);
            (h0, h1) = (Vector512.FusedMultiplyAdd(w, x, h0), Vector512.FusedMultiplyAdd(w, y, h1));
            w = Vector512.Create(seventh[(2 * stride) + n]);
            (i0, i1) = (Vector512.FusedMultiplyAdd(w, x, i0), Vector512.FusedMultiplyAdd(w, y, i1));
            w = Vector512.Create(tenth[n]);
            (j0, j1) = (Vector512.FusedMultiplyAdd(w, x, j0), Vector512.FusedMultiplyAdd(w, y, j1));
            w = Vector512.Create(tenth[stride + n]);
            (k0, k1) = (Vector512.FusedMultiplyAdd(w, x, k0), Vector512.FusedMultiplyAdd(w, y, k1));
            w = Vector512.Create(tenth[(2 * stride) + n]);
            (l0, l1) = (Vector512.FusedMultiplyAdd(w, x, l0), Vector512.FusedMultiplyAdd(w, y, l1));
            values += Panel;
        }

        (result[0], result[1], result[2], result[3], result[4], result[5], result[6], result[7]) = (a0, a1, b0, b1, c0, c1, d0, d1);
        (result[8], result[9], result[10], result[11], result[12], result[13], result[14], result[15]) = (e0, e1, f0, f1, g0, g1, h0, h1);
        (result[16], result[17], result[18], result[19], result[20], result[21], result[22], result[23]) = (i0, i1, j0, j1, k0, k1, l0, l1);
    }
}
