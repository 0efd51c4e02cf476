using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.References;

/// <summary>
/// A memory bank beside any method's pass: their maps and scores are joined, each scaled by its own behaviour on the references.
/// </summary>
/// <param name="inner">The method's pass; stays the caller's.</param>
internal sealed class JoinedScheme(IDetectionPass inner) : IReferenceScheme
{
    /// <summary>Files of version 0.1 name no scheme: they are of this one.</summary>
    public const string MemoryBank = "memory-bank";

    public bool NeedsReferences => false;

    public string Id => MemoryBank;

    public string Name(string method) => $"{method} with references";

    public ReferenceOptions Resolve(ReferenceOptions? given) => given ?? new();

    public INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device) =>
        StoredReferences.Scheme.Learn(entries, options, device);

    public ReferenceScale Measure(
        IReadOnlyList<ReferenceEntry> entries, IReadOnlyList<float[]> distances, ReferenceOptions options, INormalModel model) =>
        StoredReferences.Scheme.Measure(entries, distances, options, model);

    public ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var images = ImageBatch.FromImages([input.Preprocessor.Prepare(image).Pixels]);
        var read = Read(images, options.ClassName, null, options, context);
        var vectors = read.Vectors[0].cpu(); // [N, D]
        var order = Order(vectors, options);
        var tokens = vectors.index_select(0, torch.tensor(order.Select(o => (long)o).ToArray()));
        var map = F.adaptive_avg_pool2d(read.Map.unsqueeze(1), [read.Rows, read.Columns]).cpu().contiguous().data<float>().ToArray();
        return new(id, name, image.Width, image.Height, read.Rows, read.Columns, tokens.DetachFromDisposeScope(), order, map,
            read.Score.cpu().data<float>()[0]);
    }

    public (Tensor Map, Tensor Score) Run(
        References.MemoryBank bank, ImageBatch images, string className, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var read = Read(images, className, region, bank.Options, context);
        var inside = region?.to(read.Map.device);
        var (distances, own) = Compare(bank, read, leftOut, context);
        context.Trace?.Finish("references");
        // A cell counts where any of its pixels lies inside.
        var cells = inside is null ? null : F.adaptive_max_pool2d(inside.unsqueeze(1), [read.Rows, read.Columns]).flatten(1).gt(0); // [B, N]
        (Tensor TakenOut, Tensor Weight)? appearance = bank.Scale.Appearance is { } usual ? usual.Of(distances, cells, bank.Scale.Noise) : null;
        var score = bank.Scale.JoinScores(read.Score, TopMean(bank, distances, cells), bank.Summary.Weight, appearance);
        var grid = distances.view(-1, 1, read.Rows, read.Columns);
        // [B, H, W]
        var far = F.interpolate(grid, [read.Map.shape[1], read.Map.shape[2]], mode: torch.InterpolationMode.Bilinear, align_corners: false).squeeze(1);
        var map = bank.Scale.JoinMaps(own, far, bank.Summary.Weight, appearance?.TakenOut.view(-1, 1, 1));
        map = inside is null ? map : map * (inside.shape[1] == map.shape[1] && inside.shape[2] == map.shape[2] ? inside
            : F.adaptive_max_pool2d(inside.unsqueeze(1), [map.shape[1], map.shape[2]]).squeeze(1));
        context.Trace?.Finish("join references");
        return (map.MoveToOuterDisposeScope(), score.MoveToOuterDisposeScope());
    }

    // Distances [B, N], and the method's own map without what it says of normal cells.
    private static (Tensor Distances, Tensor Map) Compare(
        References.MemoryBank bank, ReferenceReading read, IReadOnlyList<ReferenceEntry?>? leftOut, ForwardContext context)
    {
        if (bank.Expected is null)
        {
            return (bank.Model.Distances(read.Vectors, leftOut, context).to(read.Map.device), read.Map);
        }

        var (distances, expected) = bank.Expected.Compare(read.Vectors, leftOut, context);
        var grid = F.interpolate(
            expected.to(read.Map.device).view(-1, 1, read.Rows, read.Columns), [read.Map.shape[1], read.Map.shape[2]],
            mode: torch.InterpolationMode.Bilinear, align_corners: false).squeeze(1);
        return (distances.to(read.Map.device), bank.Expected.TakeOut(read.Map, grid));
    }

    // Runs the method and reads what the bank compares.
    private ReferenceReading Read(ImageBatch images, string className, Tensor? region, ReferenceOptions options, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var maps = options.Features == ReferenceFeatures.Tokens ? null : StemFeatures.Compared(inner, images, context);
        using var own = context.Trace is null ? new ForwardTrace() : null;
        var trace = context.Trace ?? own!;
        trace.WantsGrids = maps is null;
        var (map, score) = PassFeatures.Run(inner, images, className, region, context with { Trace = trace });
        map /= inner.MapMaximum; // probabilities: odds are compared
        var grids = maps ?? trace.Grids;
        if (grids.Count == 0 || (maps is null && options.Features == ReferenceFeatures.Convolutional))
        {
            throw new ReferenceException(null, grids.Count == 0
                ? $"{inner.Method} gives no patch tokens to store."
                    : "the vision tower has no convolutional maps; set ReferenceOptions.Features to Tokens or Auto.");
        }

        if (options.Stages.Count > 0 && options.Stages.Max() > grids.Count)
        {
            throw new ReferenceException(null, $"stage {options.Stages.Max()} is to be stored, but there are {grids.Count}.");
        }

        var chosen = options.Stages.Count == 0 ? grids : [.. options.Stages.Order().Select(s => grids[s - 1])];
        var (vectors, rows, columns) = PatchFeatures.Join(chosen, options.Neighbourhood);
        return new(
            map.to_type(ScalarType.Float32).MoveToOuterDisposeScope(), score.to_type(ScalarType.Float32).MoveToOuterDisposeScope(),
            vectors.MoveToOuterDisposeScope(), rows, columns);
    }

    // The coreset in its order; the tokens after it are read only to measure what is usual.
    private static int[] Order(Tensor vectors, ReferenceOptions options)
    {
        int count = (int)vectors.shape[0];
        var coreset = GreedyCoreset.Order(vectors, Math.Clamp((int)Math.Ceiling(options.CoresetRatio * count), 1, count), options.Seed);
        return [.. coreset.Concat(Enumerable.Range(0, count).Except(coreset)).Take(options.MaximumTokens)];
    }

    private static Tensor TopMean(References.MemoryBank bank, Tensor distances, Tensor? cells)
    {
        int top = (int)Math.Min(bank.Options.TopCells, distances.shape[1]);
        // Cells outside take the usual distance.
        var inside = cells is null ? distances
            : torch.where(cells, distances, torch.full_like(distances, bank.Scale.DistanceCenter).minimum(distances));
        return inside.topk(top, dim: 1).values.mean([1]);
    }

    /// <summary>What one pass gave; tensors belong to the caller's scope.</summary>
    /// <param name="Map">The method's own map <c>[B, H, W]</c>.</param>
    /// <param name="Score">Its score <c>[B]</c>.</param>
    /// <param name="Vectors">Unit vectors of the cells, <c>[B, Rows * Columns, D]</c>.</param>
    /// <param name="Rows">Rows of the grid.</param>
    /// <param name="Columns">Columns of the grid.</param>
    private sealed record ReferenceReading(Tensor Map, Tensor Score, Tensor Vectors, int Rows, int Columns);
}
