using MfpClip.Execution;

namespace MfpClip.References;

/// <summary>
/// The reference that shows something else than the others, or looks as an image with a defect does. Something else is far from the others everywhere. With a
/// defect an image is unlike all others somewhere, and the method's own map agrees: half of an image's usual distance is taken out, for another light is no
/// defect, and what the other references show block by block is the unit. Measured in docs/references.md.
/// </summary>
internal static class OutlyingReference
{
    /// <summary>References that are needed: with two nobody can tell which is the odd one.</summary>
    public const int Fewest = 3;

    // Chosen together: blocks a side, cells of a block whose mean counts, part of the distances' weight, and the deviation that is always there.
    private const int Side = 5, Top = 4;
    private const double Part = 0.64, Least = 0.2, Limit = 1.8;

    // Times the usual distance of the farthest other that something else has.
    private const double Elsewhere = 2;

    // Where less than all cells are stored: similarities that are computed at most (a few seconds), and the tokens of an image that show enough of it.
    private const long MostPairs = 1L << 28;
    private const int FewestTokens = 64;

    /// <summary>Which one stands out; <see langword="null"/>: none, or too little is stored of each to tell.</summary>
    /// <param name="entries">The references.</param>
    /// <param name="distances">Of the usual cells of each to the others (<see cref="INormalModel.LeftOut"/>).</param>
    /// <param name="model">Made of the entries.</param>
    /// <param name="closeness">How well the references explain one another, 0 to 1: the distances' weight against the method's own map.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    public static ReferenceEntry? Find(
        IReadOnlyList<ReferenceEntry> entries, IReadOnlyList<float[]> distances, INormalModel model, double closeness, CancellationToken cancellationToken)
    {
        if (entries.Count < Fewest)
        {
            return null;
        }

        if (distances.All(d => d.Length > 0) && FindStranger([.. distances.Select(Median)]) is >= 0 and var stranger)
        {
            return entries[stranger];
        }

        // Where images are cut to the first of their coresets, a few cells show what is usual, but what is not lies among those first.
        var compared = entries.All(e => !e.Others.ContainsKey(ReferenceEntry.Sample)) ? distances : ToOthers(entries, model, cancellationToken);
        if (compared is null || compared.Any(c => c.Length == 0))
        {
            return null;
        }

        double weight = entries.All(e => e.Map.All(v => v == e.Map[0])) ? 1 : Part * closeness;
        int found = Find([.. entries.Select((e, i) => Blocks(e, compared[i], weight, model.Noise))]);
        return found < 0 ? null : entries[found];
    }

    /// <summary>The image that is twice as far from the others as each of them; -1: none.</summary>
    /// <param name="usual">The usual distance of each image, at least three images.</param>
    public static int FindStranger(IReadOnlyList<double> usual)
    {
        double[] order = [.. usual.OrderDescending()];
        return order[0] > Elsewhere * order[1] ? usual.ToList().IndexOf(order[0]) : -1;
    }

    /// <summary>The image whose highest block stands out; -1: none.</summary>
    /// <param name="blocks">Levels of the blocks of each image, at least three images.</param>
    public static int Find(IReadOnlyList<double[]> blocks)
    {
        var tops = blocks.Select(b => b.Max()).ToList();
        int odd = tops.IndexOf(tops.Max());
        var others = tops.Where((_, i) => i != odd).Order().ToList();
        double median = (others[(others.Count - 1) / 2] + others[others.Count / 2]) / 2;
        var usual = blocks.Where((_, i) => i != odd).SelectMany(b => b).ToList();
        double mean = usual.Average(), variance = usual.Average(v => (v - mean) * (v - mean));
        // Halfway between the usual other image and the farthest, so that images that are unlike one another anyway name none.
        return tops[odd] > others[^1] && (tops[odd] - ((median + others[^1]) / 2)) / Math.Sqrt(variance + (Least * Least)) > Limit ? odd : -1;
    }

    private static double Median(float[] distances) => distances.Order().ElementAt(distances.Length / 2);

    // Mean level of the highest cells of each block that has some; a level joins the logarithm of the distance with the map's logit.
    private static double[] Blocks(ReferenceEntry entry, float[] distances, double weight, double noise)
    {
        double[] far = [.. distances.Select(d => Math.Log(d + noise))];
        double look = far.Order().ElementAt(far.Length / 2) / 2;
        return [.. far.Select((f, i) => (Cell: entry.Cells[i], Level: (weight * (f - look)) + ((1 - weight) * ReferenceScale.Logit(entry.Map[entry.Cells[i]]))))
            .GroupBy(c => (c.Cell / entry.Columns * Side / entry.Rows, c.Cell % entry.Columns * Side / entry.Columns), c => c.Level)
            .Select(b => b.OrderDescending().Take(Top).Average())];
    }

    // Distances of the first stored tokens of each image.
    private static List<float[]>? ToOthers(IReadOnlyList<ReferenceEntry> entries, INormalModel model, CancellationToken cancellationToken)
    {
        long most = MostPairs / Math.Max(model.Tokens, 1) / entries.Count;
        if (!model.LeavesOut || most < FewestTokens || entries.Any(e => OnGrid(e) < FewestTokens))
        {
            return null;
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var context = new ForwardContext { CancellationToken = cancellationToken };
        return [.. entries.Select(e =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = torch.NewDisposeScope();
            var tokens = e.Tokens.narrow(0, 0, Math.Min(most, OnGrid(e)));
            return model.Distances(tokens.unsqueeze(0), [e], context)[0].to_type(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        })];
    }

    // Tokens before the first of a turned copy.
    private static int OnGrid(ReferenceEntry entry) => entry.Cells.TakeWhile(c => c < entry.Rows * entry.Columns).Count();
}
