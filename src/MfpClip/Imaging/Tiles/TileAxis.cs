namespace MfpClip.Imaging.Tiles;

/// <summary>Where tiles lie along one side of an image: evenly, from edge to edge.</summary>
/// <remarks>
/// Of a tile, the model may see the middle part only (a preprocessor that crops): these parts cover the image, so tiles can reach beyond its edges, where
/// pixels are mirrored.
/// </remarks>
internal sealed class TileAxis
{
    private readonly double _seen;
    private readonly double _ramp;
    private readonly double[] _starts; // of what is seen

    /// <param name="length">Side of the image in pixels.</param>
    /// <param name="side">Side of a tile in pixels.</param>
    /// <param name="overlap">Fraction of a tile that its neighbour shows too, at least.</param>
    /// <param name="seenFrom">First pixel of a tile that the model sees.</param>
    /// <param name="seen">How many it sees.</param>
    public TileAxis(int length, int side, double overlap, double seenFrom, double seen)
    {
        (Length, Side, _seen) = (length, side, seen);
        int count = length <= seen ? 1 : (int)Math.Ceiling((length - (overlap * seen)) / (seen * (1 - overlap)) - 1e-9);
        _starts = [.. Enumerable.Range(0, count).Select(k => count == 1 ? (length - seen) / 2 : k * (length - seen) / (count - 1))];
        // Whole pixels for what is read; what is seen moves along.
        Lefts = [.. _starts.Select(s => (int)Math.Round(s - seenFrom))];
        _starts = [.. Lefts.Select(l => l + seenFrom)];
        _ramp = count == 1 ? 1 : Math.Max(_starts.Zip(_starts.Skip(1)).Min(p => p.First + seen - p.Second), 1);
    }

    /// <summary>Side of the image in pixels.</summary>
    public int Length { get; }

    /// <summary>Side of a tile in pixels.</summary>
    public int Side { get; }

    /// <summary>First pixel of each tile; may lie outside the image.</summary>
    public IReadOnlyList<int> Lefts { get; }

    /// <summary>What the model sees of a tile, in pixels of the image, and where in the image that is.</summary>
    public (double Start, double Length) Seen(int tile) => (_starts[tile], _seen);

    /// <summary>
    /// For each tile the cells of a map that it has a say in, and how much: rising across the overlap; the weights of a cell sum to 1.
    /// </summary>
    /// <param name="cells">Length of the map along this side.</param>
    public IReadOnlyList<(int First, float[] Weights)> Weights(int cells)
    {
        double pitch = (double)Length / cells;
        var raw = new (int First, double[] Weights)[Lefts.Count];
        var sums = new double[cells];
        for (int k = 0; k < raw.Length; k++)
        {
            double from = _starts[k], to = from + _seen;
            // Along the image's edge nothing else shows the pixels: their weight becomes 1.
            int first = k == 0 ? 0 : Math.Clamp((int)Math.Ceiling((from / pitch) - 0.5), 0, cells - 1);
            int last = k == raw.Length - 1 ? cells - 1 : Math.Clamp((int)Math.Floor((to / pitch) - 0.5), first, cells - 1);
            raw[k] = (first, [.. Enumerable.Range(first, last - first + 1).Select(c => Rise(Math.Min(((c + 0.5) * pitch) - from, to - ((c + 0.5) * pitch))))]);
            for (int c = first; c <= last; c++)
            {
                sums[c] += raw[k].Weights[c - first];
            }
        }

        return [.. raw.Select(r => (r.First, (float[])[.. r.Weights.Select((w, i) => (float)(w / sums[r.First + i]))]))];
    }

    // A raised cosine, never quite 0.
    private double Rise(double inside) => 0.001 + (0.999 * (0.5 - (0.5 * Math.Cos(Math.PI * Math.Clamp(inside / _ramp, 0, 1)))));
}
