using MfpClip.Files;

namespace MfpClip.References;

/// <summary>
/// The references: what is stored of each, the model of normal cells that was made of them, and how far normal images lie from it (left one out). Immutable;
/// depends on the set of images alone, not on their order or on how they came together.
/// </summary>
internal sealed class MemoryBank : IDisposable
{
    // Weight of references that explain one another entirely: the method's own map keeps a say. With one reference nothing can be estimated.
    private const double Most = 0.8, OfOne = 0.5;

    /// <param name="scheme">How the method learns from them.</param>
    /// <param name="entries">Images; stay the caller's, the bank takes handles of its own.</param>
    /// <param name="options">Checked before.</param>
    /// <param name="device">Where distances are computed.</param>
    /// <param name="warnings">What was noticed on the way.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    public MemoryBank(
        IReferenceScheme scheme, IEnumerable<ReferenceEntry> entries, ReferenceOptions options, Device device, IReadOnlyList<string> warnings,
        CancellationToken cancellationToken = default)
    {
        (Scheme, Options) = (scheme, options);
        var ordered = entries.OrderBy(e => e.Id, StringComparer.Ordinal).ToList();
        int most = Math.Max(options.MaximumTokens / ordered.Count, 1);
        Entries = [.. ordered.Select(e => e.Truncate(most))];
        INormalModel? model = null;
        try
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            model = scheme.Learn(Entries, options, device);
            var distances = model.LeftOut(cancellationToken);
            Scale = scheme.Measure(Entries, distances, options, model);
            if (scheme is JoinedScheme && options.Join == ReferenceJoin.Adaptive && Entries.Count > 1 && model is NeighbourModel neighbours)
            {
                Expected = new(neighbours, Entries, options);
                Scale = Scale.WithMaps(Expected.LeftOut(cancellationToken));
            }

            var images = Entries.Select((e, i) =>
                new ReferenceImage(e.Id, e.Name, e.Width, e.Height, ReferenceScale.TopMean(distances[i], options.TopCells))
                {
                    Tokens = NeighbourModel.Kept(e, options),
                }).ToList();
            Summary = new()
            {
                Images = images, Options = options, Weight = options.Weight ?? EstimateWeight(model), Tokens = (int)model.Tokens, Width = model.Width,
                // A tested batch is not expected to be without defects.
                Warnings = scheme.IsBatch ? warnings :
                [
                    .. warnings,
                    .. ReferenceWarnings.Of(
                        images, Entries.Any(e => e.Cells.Length < e.Rows * e.Columns),
                        OutlyingReference.Find(Entries, distances, model, Closeness(model) ?? OfOne, cancellationToken)?.Id),
                ],
            };
        }
        catch
        {
            model?.Dispose();
            Release();
            throw;
        }

        Model = model;
    }

    /// <summary>How they were learned from.</summary>
    public IReferenceScheme Scheme { get; }

    public ReferenceOptions Options { get; }

    public IReadOnlyList<ReferenceEntry> Entries { get; }

    public INormalModel Model { get; }

    public ReferenceScale Scale { get; }

    /// <summary>What the method's own map says of like cells of the references; <see langword="null"/>: nothing is taken out of it.</summary>
    public ExpectedMap? Expected { get; }

    public ReferenceSummary Summary { get; }

    /// <summary>For the detector's description.</summary>
    public StageDescription Describe() => new()
    {
        Id = "references",
        Implementation = Scheme.Id.Split(' ')[0],
        Settings = ReferenceFileFormat.Text(Options),
        Stage = "references",
        Component = Scheme.IsBatch ? $"{Entries.Count} tested images, compared with one another"
            : $"{Entries.Count} normal image{(Entries.Count == 1 ? string.Empty : "s")}"
            + (Scheme is JoinedScheme ? ", memory bank (PatchCore family, arXiv 2106.08265)" : ", read by the method itself"),
        Options = new Dictionary<string, string>
        {
            ["images"] = string.Join(", ", Entries.Take(8).Select(e => e.Name)) + (Entries.Count > 8 ? ", ..." : string.Empty),
            ["tokens"] = FormattableString.Invariant($"{Summary.Tokens} of width {Summary.Width}"),
            ["features"] = Options.Features.ToString(),
            ["stages"] = Options.Stages.Count == 0 ? "all" : string.Join(", ", Options.Stages),
            ["neighbourhood"] = FormattableString.Invariant($"{Options.Neighbourhood}"),
            ["coreset_ratio"] = FormattableString.Invariant($"{Options.CoresetRatio}"),
            ["join"] = Options.Join.ToString(),
            ["top_cells"] = FormattableString.Invariant($"{Options.TopCells}"),
            ["weight"] = FormattableString.Invariant($"{Summary.Weight:0.##}") + (Options.Weight is null ? " (estimated from the references)" : string.Empty),
            ["scale"] = Entries.Count == 1 ? "the one image against the rest of itself" : "each image against the others",
            ["warnings"] = Summary.Warnings.Count == 0 ? "none" : string.Join(" | ", Summary.Warnings),
        },
        Identity = Identity(),
        Weights = [new("references", Hash(), Model.Tokens * Model.Width)],
    };

    /// <summary>The stored image of an id; <see langword="null"/>: none.</summary>
    public ReferenceEntry? Find(string id) => Entries.FirstOrDefault(e => e.Id == id);

    public void Dispose()
    {
        Model.Dispose();
        Release();
    }

    // By how much nearer a cell of one reference is to its nearest among the others than any two cells are: wholly where they are copies of one another, not
    // at all where they have nothing in common. Less where some references are of another look than others.
    private double EstimateWeight(INormalModel model) => Closeness(model) is { } close ? Most * close * (Scale.Appearance?.Weight ?? 1) : OfOne;

    private double? Closeness(INormalModel model) => Entries.Count == 1 || model.AnyTwo is not { } any ? null
        : Math.Clamp(1 - (Scale.DistanceCenter / Math.Max(any, model.Noise)), 0, 1);

    // Without measured values, which round differently from machine to machine: the same images and options are the same references.
    private Dictionary<string, string> Identity() => new(StringComparer.Ordinal)
    {
        ["references"] = $"{(Scheme.IsBatch ? "a tested batch of " : string.Empty)}{Entries.Count} image{(Entries.Count == 1 ? string.Empty : "s")}, "
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
        Expected?.Dispose();
        foreach (var entry in Entries)
        {
            entry.Dispose();
        }
    }
}
