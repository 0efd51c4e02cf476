using MfpClip.Backbones;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Methods.WinClip;

/// <summary>
/// WinCLIP and WinCLIP+ (arXiv 2303.14814): windows of the image are compared with an ensemble of sentences, and with windows of good
/// products where there are some. Nothing is trained.
/// </summary>
internal sealed class WinClipPass : IDetectionPass, IStoredImages
{
    private readonly IClipBackbone _backbone;
    private readonly WindowEncoder _encoder;
    private readonly IWindowAggregator _aggregator;
    private readonly IStateScorer _scorer;
    private readonly TextCache _texts;
    private readonly Dictionary<string, WindowMemoryBank> _memories = new(StringComparer.Ordinal);
    private readonly List<(string ClassName, string Id, string Name)> _references = [];
    private readonly WindowMemoryBank? _memory;
    private WinClipReferences? _scheme;

    public WinClipPass(WinClipOptions options, MethodContext context)
    {
        _backbone = context.RequireClip();
        if (!context.Input.Preprocessor.IsSquare)
        {
            throw new DetectorConfigurationException(["WinCLIP reads square images, which the preprocessor does not give; leave it out, or use SquareResize."]);
        }

        var plan = options.Windows ?? new SlidingWindows([.. options.Scales], options.Stride);
        _aggregator = options.Aggregator ?? new WindowAggregator(options.Aggregation);
        _scorer = options.Scorer ?? new TemperatureScorer(options.Temperature);
        _encoder = new(_backbone, plan, options.WindowBatch);
        _texts = new(context.Tokenizer, options.Templates, _backbone.Text, (_, _) => null);
        CheckGrid(plan, context.Input.Preprocessor.Size / _backbone.Vision.PatchSize);
        try
        {
            _memory = options.References.Count > 0 ? CreateMemory(string.Empty, options.References, context) : null;
            foreach (var (name, references) in options.ClassReferences)
            {
                _memories[name.Trim()] = CreateMemory(name.Trim(), references, context);
            }
        }
        catch
        {
            DisposeMemories(); // the backbone stays the builder's until there is a pass
            throw;
        }

        Stages = [.. Describe(options, plan)];
    }

    public string Method => _memory is null && _memories.Count == 0 ? "WinCLIP (arXiv 2303.14814)" : "WinCLIP+ (arXiv 2303.14814)";

    public IReadOnlyList<StageDescription> Stages { get; }

    public Device Device => _backbone.Vision.Device;

    public ScalarType Precision => _backbone.Vision.Precision;

    public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context) =>
        Run(images, className, region, context, Memory(className));

    /// <summary>Features of images, and their grid.</summary>
    internal (WindowEmbeddings Embeddings, long Rows, long Columns) Encode(ImageBatch images, ForwardContext context) =>
        (_encoder.Encode(images, _ => { }, context), Grid(images).Rows, Grid(images).Columns);

    /// <summary>The same with a memory of normal images, or without one.</summary>
    internal (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context, WindowMemoryBank? memory)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var trace = context.Trace;
        trace?.Start();
        var (map, score) = _texts.With(className, context, (sentences, _) =>
        {
            Done("texts");
            return Compare(images, sentences.Embeddings.to(Device), memory, region?.to(Device));
        });
        return (map.MoveToOuterDisposeScope(), score.MoveToOuterDisposeScope());

        (Tensor Map, Tensor Score) Compare(ImageBatch x, Tensor texts, WindowMemoryBank? normal, Tensor? inside)
        {
            var e = _encoder.Encode(x, Done, context);
            int patches = (int)e.Patches.shape[1];
            trace?.KeepGrid(e.Patches, x.Height / _backbone.Vision.PatchSize, x.Width / _backbone.Vision.PatchSize);
            var indices = e.Sets.Select(s => WindowEncoder.Index(s, Device)).ToList();
            var s_img = _scorer.Score(e.Image, texts); // [B]
            trace?.Keep("zs_image_scores", s_img);
            var M = ZeroShot(e, indices, patches, texts, s_img, trace); // [B, N]
            Done("zero-shot map");
            var score = s_img;
            if (normal is not null)
            {
                var F = FewShot(e, indices, patches, normal, trace); // [B, N]
                M = (M + F) / 2;
                score = (s_img + Inside(F, inside, Grid(x)).amax([1])) / 2;
                Done("few-shot map");
            }

            var map = Resize(M, x);
            map = inside is null ? map : map * inside;
            Done("map");
            return (map, score);
        }

        void Done(string stage)
        {
            trace?.Finish(stage);
            context.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public string? NameOf(string id) => _references.Where(r => r.Id == id).Select(r => r.Name).FirstOrDefault();

    /// <inheritdoc/>
    public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(this) ? this
        : serviceType == typeof(IReferenceScheme) ? _scheme ??= new(this)
        : _backbone.GetService(serviceType) ?? _backbone.Vision.GetService(serviceType);

    public void Dispose()
    {
        _texts.Dispose();
        DisposeMemories();
        _backbone.Dispose();
    }

    private void DisposeMemories()
    {
        _memory?.Dispose();
        foreach (var memory in _memories.Values)
        {
            memory.Dispose();
        }
    }

    private static void CheckGrid(IWindowPlan plan, int side)
    {
        try
        {
            plan.Windows(side, side);
        }
        catch (ArgumentException e)
        {
            throw new DetectorConfigurationException([$"WinCLIP: {e.Message}"]);
        }
    }

    // M: harmonic mean of the image's score and of every scale's (section 4.2).
    private Tensor ZeroShot(WindowEmbeddings e, List<Tensor> indices, int patches, Tensor texts, Tensor imageScores, ForwardTrace? trace)
    {
        var scales = new List<Tensor>();
        for (var i = 0; i < e.Sets.Count; i++)
        {
            var scores = _scorer.Score(e.Windows[i], texts); // [B, n]
            scales.Add(_aggregator.Spread(scores, indices[i], patches));
            trace?.Keep($"zs_window_scores_scale{e.Sets[i].Scale}", scores);
            trace?.Keep($"zs_harmonic_scale{e.Sets[i].Scale}", scales[^1]);
        }

        var fused = _aggregator.Fuse(imageScores, scales);
        trace?.Keep("zs_multi_scale_scores", fused);
        return fused;
    }

    // F: distances to the references at patch scale and every window scale (section 4.3).
    private Tensor FewShot(WindowEmbeddings e, List<Tensor> indices, int patches, WindowMemoryBank memory, ForwardTrace? trace)
    {
        var scales = new List<Tensor> { memory.AssociatePatches(e.Patches) };
        trace?.Keep("fs_patch_association", scales[0]);
        for (var i = 0; i < e.Sets.Count; i++)
        {
            int scale = e.Sets[i].Scale;
            var distances = memory.AssociateWindows(scale, e.Windows[i]); // [B, n]
            scales.Add(_aggregator.Spread(distances, indices[i], patches));
            trace?.Keep($"fs_window_association_scale{scale}", distances);
            trace?.Keep($"fs_harmonic_scale{scale}", scales[^1]);
        }

        var fused = _aggregator.FuseAssociations(scales);
        trace?.Keep("fs_scores", fused);
        return fused;
    }

    private WindowMemoryBank? Memory(string className) => _memories.GetValueOrDefault(className.Trim()) ?? _memory;

    private (long Rows, long Columns) Grid(ImageBatch images) => (images.Height / _backbone.Vision.PatchSize, images.Width / _backbone.Vision.PatchSize);

    private Tensor Resize(Tensor patches, ImageBatch images)
    {
        var (rows, columns) = Grid(images);
        return F.interpolate(patches.view(-1, 1, rows, columns), [images.Height, images.Width], mode: torch.InterpolationMode.Bilinear, align_corners: false)
            .squeeze(1);
    }

    // A patch counts where any of its pixels is inside.
    private static Tensor Inside(Tensor patches, Tensor? region, (long Rows, long Columns) grid) => region is null
        ? patches
        : patches * F.adaptive_max_pool2d(region.unsqueeze(1), [grid.Rows, grid.Columns]).flatten(1);

    private WindowMemoryBank CreateMemory(string className, IReadOnlyList<ImageInput> references, MethodContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var pixels = references.Select(r => context.Input.Decode(r)).ToList();
        _references.AddRange(pixels.Zip(references, (p, r) => (className, ReferenceId.Of(p), r.Name)));
        using var images = ImageBatch.FromImages([.. pixels.Select(p => context.Input.Preprocessor.Prepare(p).Pixels)]);
        return CreateMemory(images);
    }

    private WindowMemoryBank CreateMemory(ImageBatch images) => new(_encoder.Encode(images, _ => { }, ForwardContext.Default));

    /// <summary>Takes normalised images <c>[K, 3, H, W]</c> as references of a class name. Not during a running call.</summary>
    internal void AddReferences(string className, Tensor images)
    {
        using var guard = torch.no_grad();
        using var batch = ImageBatch.FromNormalized(images, _backbone.Normalization);
        _memories[className.Trim()] = CreateMemory(batch);
    }

    private IEnumerable<StageDescription> Describe(WinClipOptions options, IWindowPlan plan)
    {
        var t = options.Templates;
        yield return _backbone.Describe();
        yield return new()
        {
            Id = "templates",
            Settings = SettingsJson.Of(t),
            Stage = "prompt templates",
            Component = $"{t.NormalStates.Count} normal and {t.AbnormalStates.Count} abnormal states in {t.Templates.Count} templates",
            Options = new Dictionary<string, string> { ["averaging"] = t.Averaging.ToString() },
        };
        yield return plan.Describe() with { Id = "windows" };
        yield return _scorer.Describe() with { Id = "state_score" };
        yield return _aggregator.Describe() with { Id = "window_aggregation" };
        if (_memory is not null || _memories.Count > 0)
        {
            var counts = _memories.Select(m => $"{m.Key}: {m.Value.Count}").Concat(_memory is null ? [] : [$"any: {_memory.Count}"]);
            yield return new()
            {
                Id = "reference_memory", Stage = "reference memory", Component = "patches and windows of good products",
                Options = new Dictionary<string, string> { ["images"] = string.Join(", ", counts) },
                Identity = new Dictionary<string, string>
                {
                    ["reference_memory"] = $"{string.Join(", ", counts)}, "
                        + TextHash.Of(string.Join('\n', _references.Select(r => $"{r.ClassName}: {r.Id}").Order(StringComparer.Ordinal)))[..16],
                },
            };
        }
    }
}
