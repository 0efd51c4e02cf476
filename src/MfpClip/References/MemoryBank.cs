using MfpClip.Execution;
using MfpClip.Files;

namespace MfpClip.References;

/// <summary>
/// The memory of normal images: the union of their coresets, and how far normal images lie from it (left one out). Immutable; depends on
/// the set of images alone, not on their order or on how they came together.
/// </summary>
internal sealed class MemoryBank : IDisposable
{
    // Weight of references that explain one another entirely: the method's own map keeps a say. With one reference nothing can be estimated.
    private const double Most = 0.8, OfOne = 0.5;

    private readonly Tensor _memory; // [M, D] where the pass computes

    /// <param name="entries">Images; stay the caller's, the bank takes handles of its own.</param>
    /// <param name="options">Checked before.</param>
    /// <param name="device">Where distances are computed.</param>
    /// <param name="warnings">What was noticed on the way.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    public MemoryBank(IEnumerable<ReferenceEntry> entries, ReferenceOptions options, Device device, IReadOnlyList<string> warnings,
        CancellationToken cancellationToken = default)
    {
        Options = options;
        var ordered = entries.OrderBy(e => e.Id, StringComparer.Ordinal).ToList();
        int most = Math.Max(options.MaximumTokens / ordered.Count, 1);
        Entries = [.. ordered.Select(e => e.Truncate(most))];
        Tensor? memory = null;
        try
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            memory = torch.cat([.. Entries.Select(Coreset)], 0).to(device).contiguous().DetachFromDisposeScope();
            var distances = LeftOut(cancellationToken);
            Scale = ReferenceScale.Measure(distances, [.. Entries.Select(e => e.Map)], [.. Entries.Select(e => e.Score)], options.TopCells);
            var images = Entries.Select((e, i) =>
                new ReferenceImage(e.Id, e.Name, e.Width, e.Height, ReferenceScale.TopMean(distances[i], options.TopCells))
                {
                    Tokens = Kept(e),
                }).ToList();
            Summary = new()
            {
                Images = images, Options = options, Weight = options.Weight ?? EstimateWeight(), Tokens = (int)memory.shape[0], Width = (int)memory.shape[1],
                Warnings = [.. warnings, .. ReferenceWarnings.Of(images, Entries.Any(e => e.Cells.Length < e.Rows * e.Columns), Scale)],
            };
        }
        catch
        {
            memory?.Dispose();
            Release();
            throw;
        }

        _memory = memory;
    }

    public ReferenceOptions Options { get; }

    public IReadOnlyList<ReferenceEntry> Entries { get; }

    public ReferenceScale Scale { get; }

    public ReferenceSummary Summary { get; }

    /// <summary>For the detector's description.</summary>
    public StageDescription Describe() => new()
    {
        Id = "references",
        Implementation = "memory-bank",
        Settings = ReferenceFileFormat.Text(Options),
        Stage = "references",
        Component = $"{Entries.Count} normal image{(Entries.Count == 1 ? string.Empty : "s")}, memory bank (PatchCore family, arXiv 2106.08265)",
        Options = new Dictionary<string, string>
        {
            ["images"] = string.Join(", ", Entries.Take(8).Select(e => e.Name)) + (Entries.Count > 8 ? ", ..." : string.Empty),
            ["tokens"] = FormattableString.Invariant($"{Summary.Tokens} of width {Summary.Width}"),
            ["features"] = Options.Features.ToString(),
            ["stages"] = Options.Stages.Count == 0 ? "all" : string.Join(", ", Options.Stages),
            ["neighbourhood"] = FormattableString.Invariant($"{Options.Neighbourhood}"),
            ["coreset_ratio"] = FormattableString.Invariant($"{Options.CoresetRatio}"),
            ["top_cells"] = FormattableString.Invariant($"{Options.TopCells}"),
            ["weight"] = FormattableString.Invariant($"{Summary.Weight:0.##}") + (Options.Weight is null ? " (estimated from the references)" : string.Empty),
            ["scale"] = Entries.Count == 1 ? "the one image against the rest of itself" : "each image against the others",
            ["warnings"] = Summary.Warnings.Count == 0 ? "none" : string.Join(" | ", Summary.Warnings),
        },
        Identity = Identity(),
        Weights = [new("references", Hash(), _memory.numel())],
    };

    /// <summary>The stored image of an id; <see langword="null"/>: none.</summary>
    public ReferenceEntry? Find(string id) => Entries.FirstOrDefault(e => e.Id == id);

    /// <summary>Distances of a batch, <c>[B, N]</c>.</summary>
    /// <param name="vectors"><c>[B, N, D]</c> of <see cref="PatchFeatures"/>.</param>
    /// <param name="context">Its cancellation is checked between blocks.</param>
    public Tensor Distances(Tensor vectors, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var flat = vectors.reshape(-1, vectors.shape[2]).to(_memory.device);
        var distances = context.Features is { } store ? EntryByEntry(flat, store, context.CancellationToken) : NearestNeighbours.Distances(
            flat, _memory, null, context.CancellationToken);
        return distances.view(vectors.shape[0], vectors.shape[1]).MoveToOuterDisposeScope();
    }

    /// <summary>The same for images some of which are stored themselves: those are compared with the other references only.</summary>
    /// <param name="vectors"><c>[B, N, D]</c>, cells row by row.</param>
    /// <param name="leftOut">For each image the entry that is left out; <see langword="null"/>: none.</param>
    /// <param name="context">Its cancellation is checked between blocks.</param>
    public Tensor Distances(Tensor vectors, IReadOnlyList<ReferenceEntry?> leftOut, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        return torch.cat([.. leftOut.Select((entry, i) => entry is null ? Distances(vectors.narrow(0, i, 1), context)
            : Others(vectors[i].to(_memory.device), [.. Enumerable.Range(0, (int)vectors.shape[1])], entry, context.CancellationToken).unsqueeze(0))], 0)
            .MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _memory.Dispose();
        Release();
    }

    // Banks of 1, 2, 4 and 8 images that are tested together share the distances to each image.
    private Tensor EntryByEntry(Tensor vectors, IFeatureStore store, CancellationToken cancellationToken)
    {
        var input = FeatureInputs.Of(vectors);
        return Entries.Select(e =>
        {
            using var tokens = Coreset(e);
            var key = new FeatureKey
            {
                Network = string.Empty, Instance = $"{e.Id} {tokens.shape[0]} {Options.Seed}", What = "distances", Precision = vectors.dtype,
                Device = vectors.device.ToString(),
            };
            return store.Get(key, input, () => [NearestNeighbours.Distances(vectors, tokens.to(vectors.device), null, cancellationToken)])[0];
        }).Aggregate(torch.minimum);
    }

    private Tensor Coreset(ReferenceEntry entry) =>
        entry.Tokens.narrow(0, 0, Kept(entry));

    private int Kept(ReferenceEntry entry) => Math.Clamp((int)Math.Ceiling(Options.CoresetRatio * entry.Rows * entry.Columns), 1, entry.Cells.Length);

    private List<float[]> LeftOut(CancellationToken cancellationToken)
    {
        var all = new List<float[]>();
        foreach (var entry in Entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            all.Add(Others(entry.Tokens, entry.Cells, entry, cancellationToken).data<float>().ToArray());
        }

        return all;
    }

    // Distances to every reference but one, [K]; where there is no other, to the rest of the same image.
    private Tensor Others(Tensor queries, int[] cells, ReferenceEntry entry, CancellationToken cancellationToken) => Entries.Count > 1
        ? NearestNeighbours.Distances(
            queries, torch.cat([.. Entries.Where(e => !ReferenceEquals(e, entry)).Select(Coreset)], 0).to(queries.device), null, cancellationToken)
        : NearestNeighbours.Distances(
            queries, entry.Tokens.to(queries.device), (q, m, s) => WithoutNeighbours(entry, cells, q, m, s), cancellationToken);

    // By how much nearer a cell of one reference is to its nearest among the others than any two cells are: wholly where they are copies of one another, not
    // at all where they have nothing in common.
    private double EstimateWeight()
    {
        if (Entries.Count == 1)
        {
            return OfOne;
        }

        using var scope = torch.NewDisposeScope();
        double any = 1 - torch.cat([.. Entries.Select(e => e.Tokens)], 0).mean([0]).pow(2).sum().item<float>(); // mean cosine distance of unit vectors
        return Most * Math.Clamp(1 - (Scale.DistanceCenter / Math.Max(any, 0.001)), 0, 1);
    }

    // With one image there is nothing to leave out but the place itself and those whose neighbourhoods overlap with it.
    private Tensor WithoutNeighbours(ReferenceEntry entry, int[] cells, long first, long firstMemory, Tensor similar)
    {
        var (queries, memory) = (Places(cells, entry.Columns, first, similar.shape[0]), Places(entry.Cells, entry.Columns, firstMemory, similar.shape[1]));
        var near = (queries.Rows.unsqueeze(1) - memory.Rows.unsqueeze(0)).abs().le(Options.Neighbourhood)
            .logical_and((queries.Columns.unsqueeze(1) - memory.Columns.unsqueeze(0)).abs().le(Options.Neighbourhood));
        return similar.masked_fill(near.to(similar.device), -1);
    }

    private static (Tensor Rows, Tensor Columns) Places(int[] all, int columns, long first, long count)
    {
        var cells = all.AsSpan((int)first, (int)count).ToArray();
        return (torch.tensor(cells.Select(c => c / columns).ToArray()), torch.tensor(cells.Select(c => c % columns).ToArray()));
    }

    // Without measured values, which round differently from machine to machine: the same images and options are the same references.
    private Dictionary<string, string> Identity() => new(StringComparer.Ordinal)
    {
        ["references"] = $"{Entries.Count} image{(Entries.Count == 1 ? string.Empty : "s")}, "
            + TextHash.Of(string.Join('\n', Entries.Select(e => FormattableString.Invariant($"{e.Id} {e.Cells.Length}"))))[..16],
        ["references.weight"] = Options.Weight is { } weight ? FormattableString.Invariant($"{weight}") : "estimated",
        ["references.class_words"] = Options.ClassName,
        ["references.options"] = ReferenceFileFormat.Text(Options with { Weight = null, ClassName = new ReferenceOptions().ClassName }),
    };

    private string Hash()
    {
        string text = string.Join(
            '\n', Entries.Select(e => FormattableString.Invariant($"{e.Id} {e.Cells.Length} {e.Score:r}")).Append(ReferenceFileFormat.Text(Options)));
        return TextHash.Of(text);
    }

    private void Release()
    {
        foreach (var entry in Entries)
        {
            entry.Dispose();
        }
    }
}
