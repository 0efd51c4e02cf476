using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Hybrid;

/// <summary>
/// A vision tower whose patches are features of frozen EfficientNet-Lite0 stages, standardised by fixed statistics and within the image,
/// projected and summed on the grid of stride 8; then own blocks.
/// </summary>
internal sealed class HybridVisionTower : IVisionTower, IAttentionBlocks, IDisposable
{
    private readonly HybridConfig _config;
    private readonly ParameterSet _parameters;
    private readonly EfficientNetLite _cnn;
    private readonly PositionTable _positions;
    private readonly HybridBlock[] _blocks;
    private readonly Lazy<string> _networkHash;

    public HybridVisionTower(HybridConfig config, ParameterSet parameters, EfficientNetLite cnn)
    {
        (_config, _parameters, _cnn) = (config, parameters, cnn);
        _positions = new(parameters["visual.positional_embedding"].alias().DetachFromDisposeScope(), PositionInterpolation.Bilinear);
        _networkHash = new(() => TensorHash.OfValues(_cnn.Weights.Select(w => w.Value)));
        _blocks = [.. Enumerable.Range(0, Layers).Select(i => new HybridBlock(parameters, $"visual.blocks.{i}", config))];
    }

    public int Width => _config.Vision.Width;

    public int Layers => _config.Vision.Layers;

    public int EmbedDim => _config.EmbedDim;

    public int PatchSize => HybridVisionConfig.PatchSize;

    public Device Device => _parameters["visual.proj"].device;

    public ScalarType Precision => _parameters["visual.proj"].dtype;

    /// <summary>The frozen network's tensors.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Frozen => _cnn.Weights.Select(w => new KeyValuePair<string, Tensor>(HybridShapes.Cnn + w.Key, w.Value));

    /// <inheritdoc/>
    /// <remarks>Images are square, so that the blocks know the grid from the number of tokens.</remarks>
    public Tensor Embed(Tensor images)
    {
        if (images.shape[2] != images.shape[3] || images.shape[2] % PatchSize != 0)
        {
            throw new ArgumentException(
                $"Images are [{string.Join(", ", images.shape)}]; this tower takes square ones whose side is a multiple of {PatchSize}.", nameof(images));
        }

        using var scope = torch.NewDisposeScope();
        return EmbedFeatures(Features(images.to(ScalarType.Float32, Device)), (int)images.shape[2] / PatchSize).MoveToOuterDisposeScope();
    }

    /// <summary>The part of <see cref="Embed"/> that is trained.</summary>
    /// <param name="features">Of the frozen network.</param>
    /// <param name="g">Side of the grid of patches.</param>
    public Tensor EmbedFeatures(HybridFeatures features, int g)
    {
        using var scope = torch.NewDisposeScope();
        Tensor? sum = null;
        foreach (var (map, x) in _config.Vision.Maps().Zip(features.Maps))
        {
            Add(F.conv2d(Standardise(map.Name, x).to_type(Precision), _parameters[$"visual.embed.{map.Name}.weight"]));
        }

        if (_config.Vision.NearestPatches)
        {
            // Similarities lie between 0 and 2: brought to the size of standardised values.
            Add(F.conv2d((features.Near! * 4).to_type(Precision), _parameters["visual.embed.near.weight"]));
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

    /// <summary>Maps of the frozen network, each channel standardised by its fixed statistics, <c>[B, C, h, w]</c>, for comparing images with images.</summary>
    public IReadOnlyList<Tensor> ConvolutionalMaps(Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var maps = Features(images.to(ScalarType.Float32, Device)).Maps;
        return [.. _config.Vision.Maps().Zip(maps, (map, x) =>
        {
            var (mean, std) = (_parameters[$"visual.stats.{map.Name}.mean"], _parameters[$"visual.stats.{map.Name}.std"]);
            return ((x - mean.to_type(ScalarType.Float32).view(1, -1, 1, 1)) / std.to_type(ScalarType.Float32).view(1, -1, 1, 1)).MoveToOuterDisposeScope();
        })];
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

    public Tensor Project(Tensor tokens)
    {
        using var scope = torch.NewDisposeScope();
        return torch.matmul(Normalize(tokens.to(Precision, Device), "visual.ln_post"), _parameters["visual.proj"]).MoveToOuterDisposeScope();
    }

    public Tensor NormalizeLast(Tensor tokens) => Normalize(tokens, "visual.ln_post");

    public Tensor ProjectAttention(int block, Tensor tokens, AttentionPart part) => _blocks[block].ProjectAttention(tokens, part);

    public Tensor Attend(int block, Tensor queries, Tensor keys, Tensor values) => _blocks[block].Attend(queries, keys, values);

    public Tensor ProjectWithoutNorm(Tensor tokens)
    {
        using var scope = torch.NewDisposeScope();
        return torch.matmul(tokens.to(Precision, Device), _parameters["visual.proj"]).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _positions.Dispose();
        _cnn.Dispose();
    }

    /// <summary>Side g of the grid among T tokens, one class token and K prompts: the largest square, which is the grid as long as K is at most 2 g.</summary>
    internal static int GridSide(long tokens)
    {
        int g = (int)Math.Sqrt(tokens - 1);
        return g >= 1 ? g : throw new ArgumentException($"{tokens} tokens hold no grid of patches.", nameof(tokens));
    }

    // Towers of several trainings stand on the same frozen network.
    private HybridFeatures Features(Tensor images)
    {
        if (!BatchMemory.IsOn)
        {
            return HybridFeatures.Extract(_cnn, images, _config.Vision);
        }

        var all = BatchMemory.Get(_networkHash.Value, $"half size {_config.Vision.HalfSize}, nearest patches {_config.Vision.NearestPatches}", images, () =>
        {
            var made = HybridFeatures.Extract(_cnn, images, _config.Vision);
            return made.Near is null ? made.Maps : [.. made.Maps, made.Near];
        });
        int maps = _config.Vision.Maps().Count;
        return new([.. all.Take(maps)], all.Count > maps ? all[maps] : null);
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
