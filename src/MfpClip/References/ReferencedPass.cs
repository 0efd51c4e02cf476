using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.References;

/// <summary>
/// Any method's pass beside a memory bank of normal images: their maps and scores are joined, each scaled by its own behaviour on the
/// references. Owns the memory bank and a reference to the inner pass.
/// </summary>
internal sealed class ReferencedPass : DelegatingDetectionPass, IStoredImages
{
    private readonly SharedPass _shared;
    private readonly MemoryBank _bank;

    /// <param name="shared">A share that becomes this pass's own.</param>
    /// <param name="bank">Becomes this pass's own.</param>
    public ReferencedPass(SharedPass shared, MemoryBank bank)
        : base(shared.Pass)
    {
        (_shared, _bank) = (shared, bank);
        Stages = [.. Inner.Stages, bank.Describe()];
    }

    public SharedPass Shared => _shared;

    public MemoryBank Bank => _bank;

    public override string Method => $"{Inner.Method} with references";

    public override IReadOnlyList<StageDescription> Stages { get; }

    public override double MapMaximum => 1;

    public override (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context) =>
        Run(images, className, region, context, null);

    /// <summary>The same for images some of which are references: those are compared with the others only.</summary>
    /// <param name="images">The images.</param>
    /// <param name="className">Class name in the prompts.</param>
    /// <param name="region">Where to look.</param>
    /// <param name="context">What it runs under.</param>
    /// <param name="leftOut">For each image the reference that is left out; <see langword="null"/>: none.</param>
    public (Tensor Map, Tensor Score) Run(
        ImageBatch images, string className, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var read = Read(Inner, images, className, region, _bank.Options, context);
        var inside = region?.to(read.Map.device);
        var distances = (leftOut is null ? _bank.Distances(read.Vectors, context) : _bank.Distances(read.Vectors, leftOut, context))
            .to(read.Map.device); // [B, N]
        context.Trace?.Finish("references");
        var score = _bank.Scale.JoinScores(read.Score, TopMean(distances, inside, read.Rows, read.Columns), _bank.Summary.Weight);
        var grid = distances.view(-1, 1, read.Rows, read.Columns);
        // [B, H, W]
        var far = F.interpolate(grid, [read.Map.shape[1], read.Map.shape[2]], mode: torch.InterpolationMode.Bilinear, align_corners: false).squeeze(1);
        var map = _bank.Scale.JoinMaps(read.Map, far, _bank.Summary.Weight);
        map = inside is null ? map : map * (inside.shape[1] == map.shape[1] && inside.shape[2] == map.shape[2] ? inside
            : F.adaptive_max_pool2d(inside.unsqueeze(1), [map.shape[1], map.shape[2]]).squeeze(1));
        context.Trace?.Finish("join references");
        return (map.MoveToOuterDisposeScope(), score.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public string? NameOf(string id) => _bank.Find(id)?.Name ?? Inner.GetService<IStoredImages>()?.NameOf(id);

    public override void Dispose()
    {
        _bank.Dispose();
        _shared.Release();
    }

    /// <summary>Runs the method and reads what the bank compares.</summary>
    public static ReferenceReading Read(
        IDetectionPass inner, ImageBatch images, string className, Tensor? region, ReferenceOptions options, ForwardContext context)
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

    private Tensor TopMean(Tensor distances, Tensor? region, int rows, int columns)
    {
        if (region is null)
        {
            return distances.topk((int)Math.Min(_bank.Options.TopCells, distances.shape[1]), dim: 1).values.mean([1]);
        }

        // A cell counts where any of its pixels lies inside; the others take the usual distance.
        var cells = F.adaptive_max_pool2d(region.unsqueeze(1), [rows, columns]).flatten(1); // [B, N]
        var inside = torch.where(cells.gt(0), distances, torch.full_like(distances, _bank.Scale.DistanceCenter).minimum(distances));
        return inside.topk((int)Math.Min(_bank.Options.TopCells, distances.shape[1]), dim: 1).values.mean([1]);
    }
}

/// <summary>What one pass gave; tensors belong to the caller's scope.</summary>
/// <param name="Map">The method's own map <c>[B, H, W]</c>.</param>
/// <param name="Score">Its score <c>[B]</c>.</param>
/// <param name="Vectors">Unit vectors of the cells, <c>[B, Rows * Columns, D]</c>.</param>
/// <param name="Rows">Rows of the grid.</param>
/// <param name="Columns">Columns of the grid.</param>
internal sealed record ReferenceReading(Tensor Map, Tensor Score, Tensor Vectors, int Rows, int Columns);
