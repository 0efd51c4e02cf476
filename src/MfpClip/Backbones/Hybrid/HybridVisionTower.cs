using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Transformers;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Hybrid;

/// <summary>
/// A vision tower whose patches are features of frozen EfficientNet-Lite0 stages, standardised by fixed statistics and within the image,
/// projected and summed on the grid of stride 8; then own blocks.
/// </summary>
internal sealed class HybridVisionTower : IVisionTower, IAttentionBlocks, IFrozenStem, IDisposable
{
    private readonly HybridConfig _config;
    private readonly ParameterSet _parameters;
    private readonly EfficientNetLite _cnn;
    private readonly PositionTable _positions;
    private readonly HybridBlock[] _blocks;
    private readonly Lazy<string> _identity;
    private readonly Lazy<MapEmbedding> _embedding;
    private volatile bool _changes;

    public HybridVisionTower(HybridConfig config, ParameterSet parameters, EfficientNetLite cnn)
    {
        (_config, _parameters, _cnn) = (config, parameters, cnn);
        _positions = new(parameters["visual.positional_embedding"].alias().DetachFromDisposeScope(), PositionInterpolation.Bilinear);
        // Towers of several trainings stand on the same frozen network.
        _identity = new(() => $"{TensorHash.OfValues(_cnn.Weights.Select(w => w.Value))}|half size {_config.Vision.HalfSize}, nearest patches "
            + $"{_config.Vision.NearestPatches}");
        _embedding = new(() => new(
            config.Vision.Maps().Select(m => parameters[$"visual.embed.{m.Name}.weight"]),
            parameters["visual.embed.bias"], parameters["visual.class_embedding"],
            (parameters["visual.ln_pre.weight"], parameters["visual.ln_pre.bias"], config.LayerNormEps),
            (config.Vision.FixedStatistics, config.Vision.WithinImage), config.Vision.Clip));
        _blocks = [.. Enumerable.Range(0, Layers).Select(i => new HybridBlock(parameters, $"visual.blocks.{i}", config))];
    }

    public int Width => _config.Vision.Width;

    public int Layers => _config.Vision.Layers;

    public int EmbedDim => _config.EmbedDim;

    public int PatchSize => HybridVisionConfig.PatchSize;

    public bool NeedsSquareImages => true;

    public Device Device => _parameters["visual.proj"].device;

    public ScalarType Precision => _parameters["visual.proj"].dtype;

    /// <inheritdoc/>
    public string Identity => _identity.Value;

    /// <inheritdoc/>
    public IReadOnlyList<StemMap> Maps =>
    [
        .. _config.Vision.Maps().Select(m => new StemMap(m.Name, m.Inputs, m.Stride)
        {
            Mean = _parameters[$"visual.stats.{m.Name}.mean"], Deviation = _parameters[$"visual.stats.{m.Name}.std"],
        }),
        .. _config.Vision.NearestPatches ? (StemMap[])[new("near", HybridFeatures.Fractions.Length, 16)] : [],
    ];

    /// <summary>The frozen network's tensors.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Frozen => _cnn.Weights.Select(w => new KeyValuePair<string, Tensor>(HybridShapes.Cnn + w.Key, w.Value));

    /// <inheritdoc/>
    public Tensor Embed(Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        return Embed(Extract(images)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <remarks>Images are square, so that the blocks know the grid from the number of tokens.</remarks>
    public IReadOnlyList<Tensor> Extract(Tensor images)
    {
        if (images.shape[2] != images.shape[3] || images.shape[2] % PatchSize != 0)
        {
            throw new ArgumentException(
                $"Images are [{string.Join(", ", images.shape)}]; this tower takes square ones whose side is a multiple of {PatchSize}.", nameof(images));
        }

        using var scope = torch.NewDisposeScope();
        return HybridFeatures.Extract(_cnn, images.to(ScalarType.Float32, Device), _config.Vision).Select(m => m.MoveToOuterDisposeScope()).ToList();
    }

    /// <inheritdoc/>
    /// <remarks>The part of the embedding that pretraining trains.</remarks>
    public Tensor Embed(IReadOnlyList<Tensor> maps)
    {
        using var scope = torch.NewDisposeScope();
        int g = (int)maps[0].shape[2];
        if (!_changes && !torch.is_grad_enabled() && !_config.Vision.NearestPatches && Precision == ScalarType.Float32 && Width % PanelProduct.Lanes == 0
            && maps.All(InvertedResidual.Serves))
        {
            return _embedding.Value.Apply(maps, [.. Maps.Select(m => (m.Mean!, m.Deviation!))], _positions.For(g, g)).MoveToOuterDisposeScope();
        }

        Tensor? sum = null;
        foreach (var (map, x) in _config.Vision.Maps().Zip(maps))
        {
            Add(F.conv2d(Standardise(map.Name, x).to_type(Precision), _parameters[$"visual.embed.{map.Name}.weight"]));
        }

        if (_config.Vision.NearestPatches)
        {
            // Similarities lie between 0 and 2: brought to the size of standardised values.
            Add(F.conv2d((maps[^1] * 4).to_type(Precision), _parameters["visual.embed.near.weight"]));
        }

        var patches = sum!.flatten(2).transpose(1, 2) + _parameters["visual.embed.bias"]; // [B, N, D]
        var tokens = torch.cat([_parameters["visual.class_embedding"].expand(patches.shape[0], 1, Width), patches], 1) + Positions(g);
        return Normalize(tokens, "visual.ln_pre").MoveToOuterDisposeScope();

        void Add(Tensor projected)
        {
            var sized = projected.shape[2] == g && projected.shape[3] == g ? projected
                : F.interpolate(projected, [g, g], mode: torch.InterpolationMode.Bilinear, align_corners: false);
            sum = sum is null ? sized : sum + sized;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Tensor> Standardize(IReadOnlyList<Tensor> maps)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        return [.. Maps.Zip(maps).Where(m => m.First.Mean is not null)
            .Select(m => ((m.Second - Channels(m.First.Mean!)) / Channels(m.First.Deviation!)).MoveToOuterDisposeScope())];

        static Tensor Channels(Tensor statistics) => statistics.to_type(ScalarType.Float32).view(1, -1, 1, 1);
    }

    public Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        int g = GridSide(tokens.shape[1]);
        var x = tokens.alias();
        for (int i = first; i < first + count; i++)
        {
            x = _blocks[i].Forward(x, g);
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>That weights may change from now on: no kernel works with copies of them.</summary>
    public void ExpectChanges()
    {
        _changes = true;
        Array.ForEach(_blocks, b => b.ExpectChanges());
    }

    public Tensor Project(Tensor tokens)
    {
        using var scope = torch.NewDisposeScope();
        return MatrixProduct.Of(Normalize(tokens.to(Precision, Device), "visual.ln_post"), _parameters["visual.proj"]).MoveToOuterDisposeScope();
    }

    public Tensor NormalizeLast(Tensor tokens) => Normalize(tokens, "visual.ln_post");

    public Tensor ProjectAttention(int block, Tensor tokens, AttentionPart part) => _blocks[block].ProjectAttention(tokens, part);

    public Tensor Attend(int block, Tensor queries, Tensor keys, Tensor values) => _blocks[block].Attend(queries, keys, values);

    public Tensor ProjectWithoutNorm(Tensor tokens)
    {
        using var scope = torch.NewDisposeScope();
        return MatrixProduct.Of(tokens.to(Precision, Device), _parameters["visual.proj"]).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var block in _blocks)
        {
            block.Dispose();
        }

        if (_embedding.IsValueCreated)
        {
            _embedding.Value.Dispose();
        }

        _positions.Dispose();
        _cnn.Dispose();
    }

    /// <summary>Side g of the grid among T tokens, one class token and K prompts: the largest square, which is the grid as long as K is at most 2 g.</summary>
    internal static int GridSide(long tokens)
    {
        int g = (int)Math.Sqrt(tokens - 1);
        return g >= 1 ? g : throw new ArgumentException($"{tokens} tokens hold no grid of patches.", nameof(tokens));
    }

    private Tensor Positions(int g) => torch.is_grad_enabled() && _parameters["visual.positional_embedding"].requires_grad
        ? PositionTable.Resize(_parameters["visual.positional_embedding"], g, g, PositionInterpolation.Bilinear)
        : _positions.For(g, g);

    /// <summary>By fixed statistics and within the image, clipped: <c>[B, C, h, w]</c> to <c>[B, C or 2 C, h, w]</c>.</summary>
    private Tensor Standardise(string map, Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad(); // the statistics are no weights
        double clip = _config.Vision.Clip;
        var std = _parameters[$"visual.stats.{map}.std"].to_type(ScalarType.Float32).view(1, -1, 1, 1);
        var parts = new List<Tensor>(2);
        if (_config.Vision.FixedStatistics)
        {
            parts.Add(((x - _parameters[$"visual.stats.{map}.mean"].to_type(ScalarType.Float32).view(1, -1, 1, 1)) / std).clamp_(-clip, clip));
        }

        if (_config.Vision.WithinImage)
        {
            var centred = x - x.mean([2, 3], keepdim: true);
            // A channel that hardly varies in this image is not blown up beyond a tenth of its usual spread.
            var spread = (centred.square().mean([2, 3], keepdim: true) + (0.01 * std.square())).sqrt();
            parts.Add(centred.div_(spread).clamp_(-clip, clip));
        }

        return (parts.Count == 1 ? parts[0] : torch.cat(parts, 1)).MoveToOuterDisposeScope();
    }

    private Tensor Normalize(Tensor x, string name) =>
        F.layer_norm(x, [Width], _parameters[$"{name}.weight"], _parameters[$"{name}.bias"], _config.LayerNormEps);
}
