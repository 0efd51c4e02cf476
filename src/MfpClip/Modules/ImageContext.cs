using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Execution;

namespace MfpClip.Modules;

/// <summary>
/// What modules may read of a batch of images before it is prompted. Every part is computed when it is first read and kept until the
/// forward pass ends, so that several modules share one CNN pass and one plain CLIP pass.
/// </summary>
/// <remarks>For one forward pass of one caller. The tensors stay the context's own: read them, never dispose them.</remarks>
public sealed class ImageContext : IDisposable
{
    private readonly IClipBackbone? _backbone;
    private readonly ICnnFeatureExtractor? _extractor;
    private readonly StagePlan? _stages;
    private readonly Tensor? _images;
    private readonly ForwardContext _context;
    private CnnFeatures? _cnn;
    private Tensor? _embedded;
    private Tensor[]? _plain;
    private Tensor? _embedding;
    private Tensor? _projected;

    /// <summary>A context over images, for tests of modules; in a detector the forward pass makes it.</summary>
    /// <param name="backbone">Frozen towers.</param>
    /// <param name="cnn">Frozen CNN; <see langword="null"/> where no module reads it.</param>
    /// <param name="images">Normalised as the backbone wants it, <c>[B, 3, H, W]</c>.</param>
    /// <param name="context">What the forward pass runs under; <see langword="null"/>: <see cref="ForwardContext.Default"/>.</param>
    public ImageContext(IClipBackbone backbone, ICnnFeatureExtractor? cnn, Tensor images, ForwardContext? context = null)
        : this(backbone, cnn, images, new([backbone.Vision.Layers]), context ?? ForwardContext.Default)
    {
    }

    internal ImageContext(IClipBackbone backbone, ICnnFeatureExtractor? cnn, Tensor images, StagePlan stages, ForwardContext context)
    {
        (_backbone, _extractor, _images, _stages, _context) = (backbone, cnn, images, stages, context);
        (Rows, Columns) = ((int)images.shape[2] / backbone.Vision.PatchSize, (int)images.shape[3] / backbone.Vision.PatchSize);
    }

    private ImageContext(CnnFeatures features) => (_cnn, _context) = (features, ForwardContext.Default);

    /// <summary>What the forward pass runs under.</summary>
    public ForwardContext Context => _context;

    /// <summary>The images, normalised as the backbone wants it, <c>[B, 3, H, W]</c>.</summary>
    public Tensor Images => _images ?? throw Absent("images");

    /// <summary>Patches down, g.</summary>
    public int Rows { get; }

    /// <summary>Patches across, g'.</summary>
    public int Columns { get; }

    /// <summary>Features of the CNN.</summary>
    /// <exception cref="InvalidOperationException">There is no CNN.</exception>
    public CnnFeatures Cnn => _cnn ??= ExtractCnn();

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

    private IVisionTower Vision => (_backbone ?? throw Absent("backbone")).Vision;

    /// <summary>A context that holds CNN features only, for modules that read nothing else. Does not own them.</summary>
    internal static ImageContext Of(CnnFeatures features) => new(features);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_images is null)
        {
            return; // the features were given
        }

        foreach (var tensor in new[] { _embedded, _embedding, _projected, _cnn?.Pooled }.Concat(_cnn?.Levels ?? []).Concat(_plain ?? []))
        {
            tensor?.Dispose();
        }
    }

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
    private Tensor Embed() => Vision is HybridVisionTower && FrozenFeatureCache.Current is { } cache
        ? cache.Get($"tokens before block 1 in {Vision.Precision}", Images, () => [EmbedImages()])[0]
        : EmbedImages();

    private Tensor EmbedImages() => Vision.Embed(Images.to(Vision.Precision, Vision.Device));

    private Tensor[] RunPlain()
    {
        using var scope = torch.NewDisposeScope();
        var taps = FrozenFeatureCache.Current is { } cache
            ? cache.Get($"tokens after blocks {string.Join(',', _stages!.Taps)} of {Vision.Layers} in {Vision.Precision}", Images, RunBlocks)
            : RunBlocks();
        return [.. taps.Select(t => t.DetachFromDisposeScope())];
    }

    private List<Tensor> RunBlocks()
    {
        var tokens = Embedded;
        var taps = new List<Tensor>();
        for (var stage = 1; stage <= _stages!.Count; stage++)
        {
            var (first, count) = _stages.Blocks(stage);
            tokens = Vision.RunBlocks(tokens, first, count, _context);
            taps.Add(tokens);
        }

        var last = _stages.Taps[^1];
        if (last < Vision.Layers)
        {
            taps.Add(Vision.RunBlocks(tokens, last, Vision.Layers - last, _context));
        }

        return taps;
    }

    private CnnFeatures ExtractCnn()
    {
        var extractor = _extractor ?? throw new InvalidOperationException("A module reads CNN features, but there is no CNN.");
        using var scope = torch.NewDisposeScope();
        // Undoes the backbone's normalisation: the CNN has its own.
        var (mean, std) = _backbone!.Normalization;
        var x = Images.to(ScalarType.Float32, Vision.Device);
        var pixels = (x * torch.tensor(std, device: Vision.Device).view(1, 3, 1, 1)) + torch.tensor(mean, device: Vision.Device).view(1, 3, 1, 1);
        var features = FrozenFeatureCache.Current is { } cache ? Cached(cache, extractor, pixels) : BatchMemory.IsOn ? Remembered(extractor, x, pixels)
            : extractor.Extract(pixels);
        features.Pooled.DetachFromDisposeScope();
        foreach (var level in features.Levels)
        {
            level.DetachFromDisposeScope();
        }

        return features;
    }

    private static CnnFeatures Remembered(ICnnFeatureExtractor extractor, Tensor images, Tensor pixels)
    {
        // Rows of an ablation each hold the same network.
        var description = extractor.Describe();
        object owner = description.Weights is [{ } weights] && extractor is IFrozenNetwork ? weights.Sha256 : extractor;
        var all = BatchMemory.Get(owner, $"CNN features {string.Join(',', description.Options)}", images, () =>
        {
            var made = extractor.Extract(pixels);
            return [made.Pooled, .. made.Levels];
        });
        return new(all[0], [.. all.Skip(1)]);
    }

    private static CnnFeatures Cached(FrozenFeatureCache cache, ICnnFeatureExtractor extractor, Tensor pixels)
    {
        var all = cache.Get("CNN features", pixels, () =>
        {
            var made = extractor.Extract(pixels);
            return [made.Pooled, .. made.Levels];
        });
        return new(all[0], [.. all.Skip(1)]);
    }

    private static InvalidOperationException Absent(string what) => new($"This context holds CNN features only, no {what}.");
}
