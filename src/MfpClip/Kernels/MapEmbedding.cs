using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// The embedding of the small CLIP in AVX-512, float32: maps of a frozen network, standardised by fixed statistics and within the image, projected, brought to
/// the finest grid bilinearly, summed with bias and positions, and normalised. Owns copies of its weights.
/// </summary>
internal sealed unsafe class MapEmbedding : IDisposable
{
    private const int Lanes = PanelProduct.Lanes, RowsOfStep = 48, RowsOfPiece = 240;
    private readonly RowProduct[] _products;
    private readonly RowNorm _norm;
    private readonly float[] _bias;
    private readonly float[] _class;
    private readonly bool _fixed, _within;
    private readonly float _clip;

    /// <param name="projections">Of each map, <c>[D, inputs, 1, 1]</c>.</param>
    /// <param name="bias"><c>[D]</c>.</param>
    /// <param name="classToken"><c>[D]</c>.</param>
    /// <param name="norm">Weight and bias of the norm, and its epsilon.</param>
    /// <param name="ways">Which ways of standardising enter: by fixed statistics, within the image.</param>
    /// <param name="clip">Where values are clipped.</param>
    public MapEmbedding(
        IEnumerable<Tensor> projections, Tensor bias, Tensor classToken, (Tensor Weight, Tensor Bias, double Eps) norm, (bool Fixed, bool Within) ways,
        double clip)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var none = torch.zeros(bias.numel());
        _products = [.. projections.Select(p => new RowProduct(p, none))];
        _norm = new(norm.Weight, norm.Bias, norm.Eps);
        (_bias, _class) = (Values(bias), Values(classToken));
        (_fixed, _within, _clip) = (ways.Fixed, ways.Within, (float)clip);
    }

    /// <summary>Embeds.</summary>
    /// <param name="maps"><c>[B, C, h, w]</c> each, float32 on the CPU; the first has the finest grid.</param>
    /// <param name="statistics">Mean and deviation of each map's channels.</param>
    /// <param name="positions"><c>[1 + g * g, D]</c>.</param>
    /// <returns><c>[B, 1 + g * g, D]</c>.</returns>
    public Tensor Apply(IReadOnlyList<Tensor> maps, IReadOnlyList<(Tensor Mean, Tensor Deviation)> statistics, Tensor positions)
    {
        using var scope = torch.NewDisposeScope();
        int images = (int)maps[0].shape[0], rows = (int)maps[0].shape[2], columns = (int)maps[0].shape[3], D = _norm.Width;
        var sources = maps.Select(m => m.permute(0, 2, 3, 1).contiguous()).ToArray();
        var projected = maps.Select((m, i) => torch.empty([images, m.shape[2], m.shape[3], D], dtype: ScalarType.Float32)).ToArray();
        var fixedStatistics = statistics.Select(s => (Mean: Values(s.Mean), Deviation: Values(s.Deviation))).ToArray();
        var sides = maps.Select(m => (Channels: (int)m.shape[1], Rows: (int)m.shape[2], Columns: (int)m.shape[3])).ToArray();
        var table = positions.contiguous();
        var result = torch.empty([images, 1 + ((long)rows * columns), D], dtype: ScalarType.Float32);
        var (inputs, outputs) = (Addresses(sources), Addresses(projected));
        var (target, places) = (Addresses([result])[0], Addresses([table])[0]);
        Share(images * maps.Count, sides.Max(s => 4 * s.Channels) + ((long)RowsOfStep * _products.Max(p => p.Inputs)), (scratch, piece) =>
        {
            var (image, map) = (piece / maps.Count, piece % maps.Count);
            int C = sides[map].Channels, cells = sides[map].Rows * sides[map].Columns;
            Project((float*)inputs[map] + ((long)image * cells * C), cells, C, fixedStatistics[map], _products[map],
                (float*)outputs[map] + ((long)image * cells * D), scratch);
        });
        int perImage = Math.Max(1, rows * columns / RowsOfPiece);
        Share(images * perImage, D, (_, piece) =>
        {
            int image = piece / perImage, part = piece % perImage;
            float* to = (float*)target + ((long)image * (1 + (rows * columns)) * D);
            if (part == 0)
            {
                Sum(_class, (float*)places, to);
                _norm.Apply(to, 1, to);
            }

            for (int row = rows * part / perImage; row < rows * (part + 1) / perImage; row++)
            {
                float* line = to + ((1 + ((long)row * columns)) * D);
                for (int column = 0; column < columns; column++)
                {
                    Sum(_bias, (float*)places + ((1 + ((long)row * columns) + column) * D), line + ((long)column * D));
                }

                for (int map = 0; map < sides.Length; map++)
                {
                    var (_, h, w) = sides[map];
                    AddRow((float*)outputs[map] + ((long)image * h * w * D), h, w, rows, columns, row, line);
                }

                _norm.Apply(line, columns, line);
            }
        });
        GC.KeepAlive((sources, projected, result, table));
        return result.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Array.ForEach(_products, p => p.Dispose());
        _norm.Dispose();
    }

    private static float[] Values(Tensor tensor) => tensor.detach().to_type(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();

    // Tensors of this scope: their memory stays where it is until the scope ends.
    private static nint[] Addresses(Tensor[] tensors) => [.. tensors.Select(t =>
    {
        fixed (byte* p = t.bytes)
        {
            return (nint)p;
        }
    })];

    private delegate void Work(float* scratch, int piece);

    private static void Share(int pieces, long floats, Work work) => ParallelPieces.Run(
        pieces, 1, () => ThreadScratch.Rent(floats), (scratch, piece) => work(scratch.Floats, piece), ThreadScratch.Return);

    private static void Sum(float[] a, float* b, float* to)
    {
        fixed (float* first = a)
        {
            for (int i = 0; i < a.Length; i += Lanes)
            {
                (Vector512.Load(first + i) + Vector512.Load(b + i)).Store(to + i);
            }
        }
    }

    // One map of one image: what each channel is shifted by and multiplied with, then its cells.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Project(float* x, int cells, int C, (float[] Mean, float[] Deviation) known, RowProduct product, float* result, float* scratch)
    {
        float* shifts = scratch, factors = shifts + (2 * C), rows = factors + (2 * C);
        int ways = 0;
        if (_fixed)
        {
            for (int c = 0; c < C; c++)
            {
                (shifts[c], factors[c]) = (known.Mean[c], 1 / known.Deviation[c]);
            }

            ways++;
        }

        if (_within)
        {
            ChannelStatistics.Within(x, cells, C, known.Deviation, shifts + (ways * C), factors + (ways * C));
            ways++;
        }

        for (int cell = 0; cell < cells; cell += RowsOfStep)
        {
            int count = Math.Min(RowsOfStep, cells - cell);
            for (int i = 0; i < count; i++)
            {
                for (int way = 0; way < ways; way++)
                {
                    Standardise(x + ((long)(cell + i) * C), shifts + (way * C), factors + (way * C), rows + (((long)i * ways) + way) * C, C);
                }
            }

            product.Apply(rows, count, result + ((long)cell * product.Outputs));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Standardise(float* x, float* shifts, float* factors, float* to, int C)
    {
        var (least, most) = (Vector512.Create(-_clip), Vector512.Create(_clip));
        int c = 0;
        for (; c + Lanes <= C; c += Lanes)
        {
            var v = (Vector512.Load(x + c) - Vector512.Load(shifts + c)) * Vector512.Load(factors + c);
            Vector512.MinNative(Vector512.MaxNative(v, least), most).Store(to + c);
        }

        for (; c < C; c++)
        {
            to[c] = Math.Clamp((x[c] - shifts[c]) * factors[c], -_clip, _clip);
        }
    }

    // A row of the fine grid from the map, bilinearly with half-pixel centres.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddRow(float* map, int h, int w, int rows, int columns, int row, float* to)
    {
        int D = _norm.Width;
        var (top, bottom, down) = At(row, h, rows);
        for (int column = 0; column < columns; column++, to += D)
        {
            var (left, right, along) = At(column, w, columns);
            float* a = map + (((long)top * w) + left) * D, b = map + (((long)top * w) + right) * D;
            float* c = map + (((long)bottom * w) + left) * D, d = map + (((long)bottom * w) + right) * D;
            var (wa, wb) = (Vector512.Create((1 - down) * (1 - along)), Vector512.Create((1 - down) * along));
            var (wc, wd) = (Vector512.Create(down * (1 - along)), Vector512.Create(down * along));
            for (int i = 0; i < D; i += Lanes)
            {
                var sum = Vector512.Load(to + i) + (wa * Vector512.Load(a + i));
                sum = Vector512.FusedMultiplyAdd(wb, Vector512.Load(b + i), sum);
                sum = Vector512.FusedMultiplyAdd(wc, Vector512.Load(c + i), sum);
                Vector512.FusedMultiplyAdd(wd, Vector512.Load(d + i), sum).Store(to + i);
            }
        }
    }

    private static (int Low, int High, float Fraction) At(int place, int size, int places)
    {
        float at = Math.Max(((place + 0.5f) * size / places) - 0.5f, 0);
        int low = Math.Min((int)at, size - 1);
        return (low, Math.Min(low + 1, size - 1), at - low);
    }
}
