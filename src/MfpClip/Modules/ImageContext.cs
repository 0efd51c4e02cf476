using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Imaging;

namespace MfpClip.Modules;

/// <summary>
/// What modules may read of a batch of images before it is prompted. Every part is computed when it is first read and kept until the
/// forward pass ends, so that several modules share one CNN pass and one plain CLIP pass.
/// </summary>
/// <remarks>For one forward pass of one caller. The tensors stay the context's own: read them, never dispose them.</remarks>
public sealed class ImageContext : IDisposable
{
    private readonly IVisionBackbone? _backbone;
    private readonly ICnnFeatureExtractor? _extractor;
    private readonly StagePlan? _stages;
    private readonly ImageBatch? _images;
    private readonly ImageFeatures? _given;
    private readonly bool _ownsImages;
    private CnnFeatures? _cnn;
    private Tensor[]? _stem;
    private Tensor? _embedded;
    private Tensor[]? _plain;
    private Tensor? _embedding;
    private Tensor? _projected;

    /// <summary>A context over images, for tests of modules; in a detector the forward pass makes it.</summary>
    /// <param name="backbone">Frozen towers.</param>
    /// <param name="cnn">Frozen CNN; <see langword="null"/> where no module reads it.</param>
    /// <param name="images">Normalised as the backbone wants it, <c>[B, 3, H, W]</c>.</param>
    public ImageContext(IVisionBackbone backbone, ICnnFeatureExtractor? cnn, Tensor images)
        : this(backbone, cnn, ImageBatch.FromNormalized(images, backbone.Normalization), new([backbone.Vision.Layers]), ForwardContext.Default) =>
            _ownsImages = true;

    /// <summary>A context over a batch of images, which stays the caller's own.</summary>
    /// <param name="backbone">Frozen towers.</param>
    /// <param name="cnn">Frozen CNN; <see langword="null"/> where no module reads it.</param>
    /// <param name="images">The images; sides divisible by the patch size.</param>
    /// <param name="stages">Where the tower is tapped.</param>
    /// <param name="context">What the forward pass runs under.</param>
    public ImageContext(IVisionBackbone backbone, ICnnFeatureExtractor? cnn, ImageBatch images, StagePlan stages, ForwardContext context)
    {
        (_backbone, _extractor, _images, _stages, Context) = (backbone, cnn, images, stages, context);
        (Rows, Columns) = (images.Height / backbone.Vision.PatchSize, images.Width / backbone.Vision.PatchSize);
    }

    private ImageContext(IVisionBackbone? backbone, ImageFeatures features, StagePlan? stages, ForwardContext context)
    {
        (_backbone, _given, _stages, Context) = (backbone, features, stages, context);
        (Rows, Columns) = features.StemMaps is [{ } first, ..] ? ((int)first.shape[2], (int)first.shape[3]) : (0, 0);
    }

    /// <summary>What the forward pass runs under.</summary>
    public ForwardContext Context { get; }

    /// <summary>The images, normalised as the backbone wants it, <c>[B, 3, H, W]</c>.</summary>
    /// <exception cref="InvalidOperationException">The context holds features that were computed before, no images.</exception>
    public Tensor Images => Batch.Normalized((_backbone ?? throw Absent("backbone")).Normalization, Vision.Device);

    /// <summary>The images for networks with another normalisation.</summary>
    /// <exception cref="InvalidOperationException">The context holds features that were computed before, no images.</exception>
    public ImageBatch Batch => _images ?? throw Absent("images");

    /// <summary>Whether there are images, rather than features that were computed before.</summary>
    public bool HasImages => _images is not null;

    /// <summary>Patches down, g.</summary>
    public int Rows { get; }

    /// <summary>Patches across, g'.</summary>
    public int Columns { get; }

    /// <summary>Features of the CNN.</summary>
    /// <exception cref="InvalidOperationException">There is no CNN.</exception>
    public CnnFeatures Cnn => _given?.Cnn ?? (_cnn ??= ExtractCnn());

    /// <summary>Maps of the vision tower's frozen stem; <see langword="null"/> where it has none.</summary>
    public IReadOnlyList<Tensor>? StemMaps => _given?.StemMaps ?? (Vision.GetService<IFrozenStem>() is { } stem ? _stem ??= ExtractStem(stem) : null);

    /// <summary>E_0: patches, class token and positions after <c>ln_pre</c>, <c>[B, 1 + N, D]</c> in the tower's precision.</summary>
    public Tensor Embedded => Keep(ref _embedded, Embed);

    /// <summary>Tokens of the plain pass, without any prompt, after the last block: <c>[B, 1 + N, D]</c>, before <c>ln_post</c>.</summary>
    public Tensor ClipTokens => PlainPass[^1];

    /// <summary>The same tokens in the joint space, after <c>ln_post</c> and projection, not normalised: <c>[B, 1 + N, C]</c>.</summary>
    public Tensor ProjectedTokens => Keep(ref _projected, () => Vision.Project(ClipTokens));

    /// <summary>The image embedding of the plain pass, after <c>ln_post</c> and projection, not normalised: <c>[B, C]</c>.</summary>
    public Tensor ClipEmbedding => Keep(ref _embedding, () => Vision.Project(ClipTokens.select(1, 0)));

    /// <summary>Tokens of the plain pass after every stage, and after the last block where the stages end before it.</summary>
    internal IReadOnlyList<Tensor> PlainPass => _plain ??= RunPlain();

    /// <summary>Rows and columns of pixels.</summary>
    internal (int Height, int Width) Size => (Rows * Vision.PatchSize, Columns * Vision.PatchSize);

    private IVisionTower Vision => (_backbone ?? throw Absent("backbone")).Vision;

    /// <summary>A context over features that were computed before. Does not own them.</summary>
    /// <param name="backbone">Towers, whose vision tower offers <see cref="IFrozenStem"/>.</param>
    /// <param name="features">Maps of its stem, and CNN features where a module reads them.</param>
    /// <param name="stages">Where the tower is tapped.</param>
    /// <param name="context">What the forward pass runs under.</param>
    /// <exception cref="ArgumentException">There are no stem maps, or the tower has no frozen stem.</exception>
    public static ImageContext FromFeatures(IVisionBackbone backbone, ImageFeatures features, StagePlan stages, ForwardContext context)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(features);
        return features.StemMaps is { Count: > 0 } && backbone.Vision.GetService<IFrozenStem>() is not null
            ? new(backbone, features, stages, context)
            : throw new ArgumentException("Features computed before hold the maps of a vision tower's frozen stem, and the tower has one.", nameof(features));
    }

    /// <summary>A context that holds CNN features only, for modules that read nothing else. Does not own them.</summary>
    internal static ImageContext Of(CnnFeatures features) => new(null, new ImageFeatures { Cnn = features }, null, ForwardContext.Default);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in new[] { _embedded, _embedding, _projected, _cnn?.Pooled }.Concat(_cnn?.Levels ?? []).Concat(_plain ?? []).Concat(_stem ?? []))
        {
            tensor?.Dispose();
        }

        if (_ownsImages)
        {
            _images!.Dispose();
        }
    }

    /// <summary>What the backbone computes of the images and nothing trained comes before: from the pass's feature store where there is one.</summary>
    /// <param name="what">What is computed, with every setting that it depends on.</param>
    /// <param name="compute">A pure function of the images.</param>
    internal IReadOnlyList<Tensor> Frozen(string what, Func<IReadOnlyList<Tensor>> compute) => Context.Features is { } store && _images is not null
        ? store.Get(FrozenFeatureKeys.Of(_backbone!, _backbone!.Describe(), what, Vision.Precision, Vision.Device), FeatureInputs.Of(_images), compute)
        : compute();

    // The context outlives the scope of the module that happens to read first.
    private static Tensor Keep(ref Tensor? slot, Func<Tensor> make)
    {
        if (slot is null)
        {
            using var scope = torch.NewDisposeScope();
            slot = make().DetachFromDisposeScope();
        }

        return slot;
    }

    // A convolution is computed faster than read; a whole frozen network before the first block is worth keeping.
    private Tensor Embed() => Vision.GetService<IFrozenStem>() is { } stem
        ? Frozen("tokens before block 1", () => [stem.Embed(StemMaps!)])[0]
        : Vision.Embed(Images.to(Vision.Precision, Vision.Device));

    // Towers of several trainings stand on the same frozen network. In memory alone: on disk are the smaller tokens, and a map read back has another order.
    private Tensor[] ExtractStem(IFrozenStem stem)
    {
        using var scope = torch.NewDisposeScope();
        Tensor[] Compute() => [.. stem.Extract(Images)];
        var maps = Context.Features is { } store
            ? store.Get(StemKey(stem), FeatureInputs.Of(Batch), Compute)
            : Compute();
        return [.. maps.Select(m => m.DetachFromDisposeScope())];
    }

    private FeatureKey StemKey(IFrozenStem stem) => new()
    {
        Network = string.Empty, Instance = stem.Identity, What = "maps of the stem", Precision = ScalarType.Float32, Device = Vision.Device.ToString(),
    };

    private Tensor[] RunPlain()
    {
        using var scope = torch.NewDisposeScope();
        var taps = Frozen($"tokens after blocks {string.Join(',', _stages!.Taps)} of {Vision.Layers}", RunBlocks);
        return [.. taps.Select(t => t.DetachFromDisposeScope())];
    }

    private List<Tensor> RunBlocks()
    {
        var tokens = Embedded;
        var taps = new List<Tensor>();
        for (var stage = 1; stage <= _stages!.Count; stage++)
        {
            var (first, count) = _stages.Blocks(stage);
            tokens = Vision.RunBlocks(tokens, first, count, Context);
            taps.Add(tokens);
        }

        var last = _stages.Taps[^1];
        if (last < Vision.Layers)
        {
            taps.Add(Vision.RunBlocks(tokens, last, Vision.Layers - last, Context));
        }

        return taps;
    }

    private CnnFeatures ExtractCnn()
    {
        var extractor = _extractor ?? throw new InvalidOperationException("A module reads CNN features, but there is no CNN.");
        using var scope = torch.NewDisposeScope();
        IReadOnlyList<Tensor> Compute()
        {
            var made = extractor.Extract(Batch.Pixels(Vision.Device).to_type(ScalarType.Float32));
            return [made.Pooled, .. made.Levels];
        }

        var all = Context.Features is { } store
            ? store.Get(FrozenFeatureKeys.Of(extractor, extractor.Describe(), "CNN features", ScalarType.Float32, Vision.Device),
                FeatureInputs.Of(Batch), Compute)
            : Compute();
        return new(all[0].DetachFromDisposeScope(), [.. all.Skip(1).Select(l => l.DetachFromDisposeScope())]);
    }

    private static InvalidOperationException Absent(string what) => new($"This context holds features only, no {what}.");
}

/// <summary>What frozen networks have computed of a batch before, for <see cref="ImageContext.FromFeatures"/>. The tensors stay the giver's own.</summary>
public sealed record ImageFeatures
{
    /// <summary>Maps of the vision tower's frozen stem, float32 <c>[B, C, h, w]</c> each, as <see cref="Backbones.IFrozenStem.Extract"/> gives them.</summary>
    public IReadOnlyList<Tensor>? StemMaps { get; init; }

    /// <summary>Features of the CNN.</summary>
    public CnnFeatures? Cnn { get; init; }
}
