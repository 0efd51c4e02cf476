using System.Globalization;
using MfpClip.Backbones;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Methods.SubspaceAd;

/// <summary>SubspaceAD's tokens, references and residuals.</summary>
internal sealed class SubspaceAdPass : PatchTokenPass
{
    // Moments of single references, so that they can be taken out again; beyond it they are merged.
    private const long MaximumMomentBytes = 256L << 20;

    private readonly SubspaceAdOptions _options;
    private readonly IVisionBackbone _backbone;
    private readonly SubspaceAdScorer _scorer;
    private readonly MethodContext _context;
    private readonly IReadOnlyList<int> _blocks; // 1-based, ascending

    /// <param name="options">Checked before.</param>
    /// <param name="context">The network, which becomes its own.</param>
    /// <param name="isBatch">Whether it is fitted on the tested images themselves: none is turned or left out. It is then not disposed.</param>
    public SubspaceAdPass(SubspaceAdOptions options, MethodContext context, bool isBatch = false)
        : base(context.RequireBackbone())
    {
        (_options, _context, _backbone, _scorer) = (isBatch ? options with { RotatedCopies = 0 } : options, context, context.RequireBackbone(), new(options));
        IsBatch = isBatch;
        _blocks = Blocks(options, _backbone.Vision.Layers);
        Stages =
        [
            _backbone.Describe(),
            new()
            {
                Id = "subspace-ad", Implementation = "subspace-ad", Settings = SettingsJson.Of(options), Stage = "subspace",
                Component = $"mean of the patch tokens after blocks {string.Join(", ", _blocks)}, principal components of normal ones",
                Options = new Dictionary<string, string>
                {
                    ["explained_variance"] = options.ExplainedVariance.ToString(CultureInfo.InvariantCulture), ["residual"] = options.Residual.ToString(),
                    ["rotated_copies"] = options.RotatedCopies.ToString(CultureInfo.InvariantCulture),
                },
            },
        ];
    }

    public override string Method => SubspaceAdMethod.About.FullName;

    public override IReadOnlyList<StageDescription> Stages { get; }

    public override NormalImagePass? TestedBatch => IsBatch ? null : new SubspaceAdPass(_options, _context, isBatch: true);

    public override bool IsBatch { get; }

    public override string Id => (IsBatch ? "subspace-ad-batch " : "subspace-ad ") + SettingsJson.Of(
        new { Blocks = _blocks, _options.RotatedCopies, _options.LargestRotation, _options.RotationDraw, _options.Seed });

    private IReadOnlyList<string> Moments => TwoPasses ? [SubspaceModel.First, SubspaceModel.Second] : [SubspaceModel.First];

    private bool TwoPasses => _options.RotationDraw == RotationDraw.EachPass && _options.RotatedCopies > 0;

    public override INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device) => new SubspaceModel(
        entries, _options.ExplainedVariance, (tokens, subspace) => subspace.Residuals(tokens, _options.Residual, _options.DroppedComponents), device)
        { IsOfBatch = IsBatch };

    public override void Bound(List<ReferenceEntry> entries, int known, ReferenceOptions options)
    {
        base.Bound(entries, known, options);
        long each = 8L * TokenWidth * TokenWidth * Moments.Count;
        if (entries.Count(e => e.Others.ContainsKey($"{SubspaceModel.First}-mean")) * each > MaximumMomentBytes)
        {
            TokenMoments.Merge(entries, Moments);
        }
    }

    public override ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var first = new TokenStatistics();
        using var second = TwoPasses ? new TokenStatistics() : null;
        var own = TokensOf(image); // [h, w, D]
        first.Add(own.flatten(0, 1));
        second?.Add(own.flatten(0, 1));
        var angles = SubspaceFit.Angles(_options, Convert.ToInt32(id[..7], 16)); // by its pixels: not by the order in which images come
        for (int i = 0; i < angles.Count; i++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            using var step = torch.NewDisposeScope();
            (second is not null && i >= _options.RotatedCopies ? second : first).Add(TokensOf(SubspaceFit.Rotate(image, angles[i])).flatten(0, 1));
        }

        var (rows, columns) = ((int)own.shape[0], (int)own.shape[1]);
        var moments = TokenMoments.Of(first, SubspaceModel.First);
        return new(
            id, name, image.Width, image.Height, rows, columns, own.flatten(0, 1).cpu().contiguous().DetachFromDisposeScope(),
            [.. Enumerable.Range(0, rows * columns)], new float[rows * columns], 0)
        {
            Others = (second is null ? moments : moments.Concat(TokenMoments.Of(second, SubspaceModel.Second))).ToDictionary(StringComparer.Ordinal),
            IsOrdered = false,
        };

        Tensor TokensOf(RgbImage of)
        {
            using var batch = Batch(of, input);
            return Tokens(batch, context)[0];
        }
    }

    public override (Tensor Map, Tensor Score) Distances(
        MemoryBank bank, ImageBatch images, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        context.Trace?.Start();
        var (rows, columns) = Grid(images);
        var tokens = (IsBatch ? Stored(leftOut)?.to(Device) : null)
            ?? PassFeatures.Get(this, images, context, Precision, Device, () => Tokens(images, context)).flatten(1, 2); // [B, P, D]
        context.Trace?.Finish("features");
        var residuals = bank.Model.Distances(tokens, IsBatch ? null : leftOut, context).view(images.Count, rows, columns);
        var map = _scorer.Map(residuals, images.Height, images.Width);
        map = region is null ? map : map * region.to(map.device);
        context.Trace?.Finish("references");
        return (map.MoveToOuterDisposeScope(), _scorer.Score(map).MoveToOuterDisposeScope());
    }

    /// <summary>Mean of the patch tokens after the chosen blocks, without the final norm, <c>[B, h, w, D]</c>, float32.</summary>
    internal Tensor Tokens(ImageBatch images, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var tower = _backbone.Vision;
        var (rows, columns) = Grid(images);
        var tokens = Embed(images);
        var layers = new List<Tensor>();
        int done = 0;
        foreach (int block in _blocks)
        {
            tokens = tower.RunBlocks(tokens, done, block - done, context);
            done = block;
            layers.Add(tokens.narrow(1, tower.PrefixTokens, rows * columns));
        }

        return SubspaceAdScorer.Average(layers).view(images.Count, rows, columns, tower.Width).MoveToOuterDisposeScope();
    }

    // The default is of the 40 blocks of DINOv2 g; other depths take the same part of theirs.
    private static IReadOnlyList<int> Blocks(SubspaceAdOptions options, int layers)
    {
        const int PublishedDepth = 40;
        bool scaled = layers != PublishedDepth && options.LayersFromLast.SequenceEqual(new SubspaceAdOptions().LayersFromLast);
        var blocks = options.LayersFromLast.Select(j => scaled ? Math.Max((int)Math.Round((PublishedDepth + 1 - j) * (double)layers / PublishedDepth), 1)
            : layers + 1 - j).Distinct().Order().ToList();
        return blocks[0] >= 1 ? blocks : throw new DetectorConfigurationException(
            [$"SubspaceAD: {nameof(SubspaceAdOptions.LayersFromLast)} goes back {options.LayersFromLast.Max()} blocks; the backbone has {layers}."]);
    }
}
