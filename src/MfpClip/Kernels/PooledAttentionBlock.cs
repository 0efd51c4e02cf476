using System.Runtime.CompilerServices;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// A frozen block of the small CLIP as three passes in AVX-512, float32: the norm; attention to pooled keys with its projections and the shortcut; the
/// depthwise convolution among patches and the MLP. Rows stay in the second-level cache from one product to the next; pieces of rows are shared by threads.
/// Values do not depend on the number of threads or images.
/// </summary>
internal sealed unsafe class PooledAttentionBlock : IDisposable
{
    private const int RowsOfStep = 48, RowsOfPiece = 240;
    private const float Log2E = 1.44269504f;

    private readonly RowNorm _ln1, _ln2;
    private readonly RowProduct _q, _kv, _out, _fc, _proj;
    private readonly DepthwiseRows _depthwise;
    private readonly int _heads, _pooled, _width;

    /// <param name="weights">The block's tensors by their names, such as "attn.q.weight"; copied.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="pooled">Side of the coarse grid.</param>
    /// <param name="eps">Of the norms.</param>
    public PooledAttentionBlock(Func<string, Tensor> weights, int heads, int pooled, double eps)
    {
        (_ln1, _ln2) = (Norm("ln_1"), Norm("ln_2"));
        (_heads, _pooled, _width) = (heads, pooled, _ln1.Width);
        _q = Product("attn.q", Log2E / MathF.Sqrt((float)_width / heads)); // powers of two instead of e
        (_kv, _out, _fc, _proj) = (Product("attn.kv"), Product("attn.out_proj"), Product("mlp.c_fc"), Product("mlp.c_proj"));
        _depthwise = new(weights("depthwise.weight"), weights("depthwise.bias"), 1, limited: false);

        RowNorm Norm(string name) => new(weights($"{name}.weight"), weights($"{name}.bias"), eps);
        RowProduct Product(string name, float factor = 1) => new(weights($"{name}.weight"), weights($"{name}.bias"), factor: factor);
    }

    /// <summary>Whether it can compute such a block on this input here.</summary>
    public static bool Serves(Tensor x, int heads, long hidden) => InvertedResidual.Serves(x)
        && x.shape[^1] % (heads * PanelProduct.Lanes) == 0 && hidden % PanelProduct.Lanes == 0;

    /// <summary>Runs the block on <c>[B, others + g * g, D]</c>.</summary>
    public Tensor Apply(Tensor tokens, int g)
    {
        using var scope = torch.NewDisposeScope();
        var x = tokens.contiguous();
        var normed = torch.empty_like(x);
        var attended = torch.empty_like(x);
        var result = torch.empty_like(x);
        int images = (int)x.shape[0], T = (int)x.shape[1], others = T - (g * g), side = Math.Min(_pooled, g), M = PooledKeys.Count(others, side);
        int padded = PanelProduct.Padded(M);
        long packed = 2L * padded * _width; // of an image: keys, then values, of every head
        var keys = torch.empty(images * packed, dtype: ScalarType.Float32);
        fixed (byte* px = x.bytes, pn = normed.bytes, pa = attended.bytes, pr = result.bytes, pk = keys.bytes)
        {
            var (from, norms, middle, to, kv) = ((nint)px, (nint)pn, (nint)pa, (nint)pr, (nint)pk);
            int perImage = images >= 2 * torch.get_num_threads() ? 1 : Math.Max(1, T / RowsOfPiece), bands = Math.Min(perImage, g);
            Share(images * perImage, 0, (_, piece) =>
            {
                var (row, count) = Piece(piece, perImage, T);
                _ln1.Apply((float*)from + (row * _width), count, (float*)norms + (row * _width));
            });
            Share(images, 3L * M * _width, (scratch, image) =>
                PackKeys((float*)norms + ((long)image * T * _width), others, g, side, (float*)kv + (image * packed), scratch));
            Share(images * perImage, padded + ((2L * RowsOfStep) * _width) + ((long)RowsOfStep * padded), (scratch, piece) =>
            {
                var (row, count) = Piece(piece, perImage, T);
                Attend((float*)from + (row * _width), (float*)norms + (row * _width), count, (float*)kv + (piece / perImage * packed), M,
                    (float*)middle + (row * _width), scratch);
            });
            Share(images * bands, (long)g * ((2 * _width) + _fc.Outputs), (scratch, piece) =>
            {
                long image = (long)(piece / bands) * T * _width;
                int band = piece % bands;
                Mix((float*)middle + image, others, g, g * band / bands, g * (band + 1) / bands, band == 0, (float*)to + image, scratch);
            });
        }

        return result.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var part in new IDisposable[] { _ln1, _ln2, _q, _kv, _out, _fc, _proj, _depthwise })
        {
            part.Dispose();
        }
    }

    private static (long Row, int Count) Piece(int piece, int perImage, int T)
    {
        int part = piece % perImage, first = T * part / perImage;
        return (((long)(piece / perImage) * T) + first, (T * (part + 1) / perImage) - first);
    }

    private delegate void Work(float* scratch, int piece);

    private static void Share(int pieces, long floats, Work work) => ParallelPieces.Run(
        pieces, 1, () => ThreadScratch.Rent(floats), (scratch, piece) => work(scratch.Floats, piece), ThreadScratch.Return);

    // For each head its keys [d, M] and values [M, d], packed as products want them.
    private void PackKeys(float* normed, int others, int g, int side, float* packed, float* scratch)
    {
        int M = PooledKeys.Count(others, side), d = _width / _heads, padded = PanelProduct.Padded(M);
        float* pooled = scratch, kv = scratch + ((long)M * _width);
        PooledKeys.Make(normed, others, g, side, _width, pooled);
        _kv.Apply(pooled, M, kv);
        for (int head = 0; head < _heads; head++, packed += 2 * (long)padded * d)
        {
            PanelProduct.Pack(kv + (head * d), d, M, 1, 2 * _width, packed);
            PanelProduct.Pack(kv + _width + (head * d), M, d, 2 * _width, 1, packed + ((long)padded * d));
        }
    }

    // x plus attention of rows, to the result.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(float* x, float* normed, int rows, float* packed, int M, float* result, float* scratch)
    {
        int d = _width / _heads, padded = PanelProduct.Padded(M);
        float* zeros = scratch, q = zeros + padded, joined = q + (RowsOfStep * _width), scores = joined + (RowsOfStep * _width);
        new Span<float>(zeros, padded).Clear();
        float* sums = stackalloc float[RowsOfStep];
        for (int row = 0; row < rows; row += RowsOfStep)
        {
            int count = Math.Min(RowsOfStep, rows - row);
            _q.Apply(normed + ((long)row * _width), count, q);
            for (int head = 0; head < _heads; head++)
            {
                float* keys = packed + (2L * head * padded * d), values = keys + ((long)padded * d), to = joined + (head * d);
                PanelProduct.Apply(q + (head * d), _width, count, keys, d, M, zeros, scores, padded, null, limited: false);
                for (int i = 0; i < count; i++)
                {
                    sums[i] = RowNorm.SoftmaxTerms(scores + ((long)i * padded), M);
                }

                PanelProduct.Apply(scores, padded, count, values, M, d, zeros, to, _width, null, limited: false);
                for (int i = 0; i < count; i++)
                {
                    RowNorm.Scale(to + ((long)i * _width), d, 1 / sums[i]);
                }
            }

            _out.Apply(joined, count, result + ((long)row * _width), x + ((long)row * _width));
        }
    }

    // Rows of the grid: what their neighbours add, then the MLP. The first piece of an image has the tokens that are no patches, too.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mix(float* y, int others, int g, int first, int end, bool withOthers, float* result, float* scratch)
    {
        int kernel = _depthwise.Kernel, before = kernel / 2;
        float* mixed = scratch, normed = mixed + ((long)g * _width), hidden = normed + ((long)g * _width);
        float** rows = stackalloc float*[kernel];
        for (int token = 0; withOthers && token < others; token += g)
        {
            int count = Math.Min(g, others - token);
            Mlp(y + ((long)token * _width), count, result + ((long)token * _width));
        }

        for (int row = first; row < end; row++)
        {
            for (int k = 0; k < kernel; k++)
            {
                int at = row - before + k;
                rows[k] = at >= 0 && at < g ? y + ((others + ((long)at * g)) * _width) : null;
            }

            long line = (others + ((long)row * g)) * _width;
            _depthwise.Apply(rows, g, before, mixed, g);
            RowNorm.Add(y + line, mixed, (long)g * _width);
            Mlp(mixed, g, result + line);
        }

        void Mlp(float* from, int count, float* to)
        {
            _ln2.Apply(from, count, normed);
            _fc.Apply(normed, count, hidden);
            RowNorm.Gelu(hidden, (long)count * _fc.Outputs);
            _proj.Apply(hidden, count, to, from);
        }
    }
}
