using MfpClip.Backbones;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Methods.AnomalyDino;

/// <summary>AnomalyDINO's features, references and distances (section 3).</summary>
internal class AnomalyDinoPass : PatchTokenPass
{
    private readonly AnomalyDinoOptions _options;
    private readonly MethodContext _context;
    private readonly IVisionBackbone _backbone;
    private readonly AnomalyDinoScorer _scorer;

    public AnomalyDinoPass(AnomalyDinoOptions options, MethodContext context)
        : base(context.RequireBackbone())
    {
        (_options, _context, _backbone, _scorer) = (options, context, context.RequireBackbone(), new(options));
        Stages =
        [
            _backbone.Describe(),
            new()
            {
                Id = "anomaly-dino", Implementation = "anomaly-dino", Settings = SettingsJson.Of(options), Stage = "patch distances",
                Component = $"patch tokens of the last block against {options.Rotations.Count} rotations of each normal image",
                Options = new Dictionary<string, string>
                {
                    ["distance"] = options.Distance.ToString(), ["neighbours"] = FormattableString.Invariant($"{options.Neighbours}"),
                    ["masking"] = options.Masking ? options.MaskMorphology.ToString() : "off",
                },
            },
        ];
    }

    public override string Method => AnomalyDinoMethod.About.FullName;

    public override IReadOnlyList<StageDescription> Stages { get; }

    public override string Id => "anomaly-dino " + SettingsJson.Of(
        new { _options.Rotations, _options.Distance, _options.MaskReferences, Mask = _options.MaskReferences ? _options.MaskMorphology : default });

    /// <inheritdoc/>
    /// <remarks>It stands on this pass's network, which stays this pass's own.</remarks>
    public override NormalImagePass? TestedBatch => new AnomalyDinoBatch(_options, _context);

    public override double ImageSigma => _options.SmoothingSigma;

    /// <inheritdoc/>
    /// <remarks>As the published code: the part that is cut off at the right and the bottom takes the last patches.</remarks>
    public override bool CutsNothing => true;

    /// <summary>Distances from features.</summary>
    protected AnomalyDinoScorer Scorer => _scorer;

    public override INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device) =>
        new NeighbourModel(entries, options, device) { Distance = _options.Distance, Neighbours = _options.Neighbours };

    public override ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (tokens, cells) = (new List<Tensor>(), new List<int>());
        int rows = 0, columns = 0;
        // The image itself first, whatever the order of the angles: it tells what is usual.
        foreach (double angle in _options.Rotations.OrderByDescending(a => a == 0))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            using var step = torch.NewDisposeScope();
            using var batch = Batch(angle == 0 ? image : ImageRotation.Mirrored(image, angle), input);
            var (features, h, w) = Features(batch, context);
            (rows, columns) = (h, w);
            var (stored, kept) = _scorer.Store(features[0], rows, columns);
            int turned = tokens.Count * rows * columns;
            cells.AddRange(kept.Select(k => turned + k));
            tokens.Add(stored.cpu().MoveToOuterDisposeScope());
        }

        if (cells.Count == 0)
        {
            throw new ReferenceException(
                name, "no patch of it belongs to the object by the foreground mask. Switch MaskReferences off, or give another image.");
        }

        return new(id, name, image.Width, image.Height, rows, columns, torch.cat(tokens, 0).DetachFromDisposeScope(), [.. cells], new float[rows * columns], 0)
        {
            IsOrdered = false,
        };
    }

    public override (Tensor Map, Tensor Score) Distances(
        MemoryBank bank, ImageBatch images, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        context.Trace?.Start();
        var distances = Distances(bank, images, context, leftOut);
        var inside = Inside(distances, region); // [B, h, w]
        var scores = torch.stack([.. Enumerable.Range(0, images.Count).Select(i => _scorer.Score(inside[i]))], 0);
        context.Trace?.Finish("references");
        return (inside.MoveToOuterDisposeScope(), scores.MoveToOuterDisposeScope());
    }

    /// <summary>Distances of the patches, <c>[B, h, w]</c>, in the caller's scope.</summary>
    protected virtual Tensor Distances(MemoryBank bank, ImageBatch images, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        var model = (NeighbourModel)bank.Model;
        var features = PassFeatures.Get(this, images, context, Precision, Device, () => Features(images, context).Features); // [B, P, D]
        var (rows, columns) = Grid(images);
        context.Trace?.Finish("features");
        return torch.stack([.. Enumerable.Range(0, images.Count).Select(i => leftOut?[i] is { } entry
            ? _scorer.Compare(features[i], model.Without(entry), rows, columns, context.CancellationToken).Distances
            : _scorer.Compare(features[i], model.Memory, rows, columns, context.CancellationToken, model).Distances)], 0).MoveToOuterDisposeScope();
    }

    /// <summary>Patch tokens of the last block after the final norm, <c>[B, P, D]</c>, float32, and the grid.</summary>
    internal (Tensor Features, int Rows, int Columns) Features(ImageBatch images, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var tower = _backbone.Vision;
        var (rows, columns) = Grid(images);
        var tokens = tower.RunBlocks(Embed(images), 0, tower.Layers, context);
        var patches = tower.NormalizeLast(tokens.narrow(1, tower.PrefixTokens, rows * columns)).to_type(ScalarType.Float32);
        return (patches.MoveToOuterDisposeScope(), rows, columns);
    }
}
