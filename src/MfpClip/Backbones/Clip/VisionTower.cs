using MfpClip.Backbones.Transformers;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Clip;

/// <summary>CLIP's vision transformer (openai/CLIP, clip/model.py, VisionTransformer).</summary>
internal sealed class VisionTower : IVisionTower, IAttentionBlocks, IDisposable
{
    private readonly ParameterSet _parameters;
    private readonly PositionTable _positions;
    private readonly TransformerStack _blocks;
    private readonly SplitAttention[] _attention;
    private readonly double _eps;

    public VisionTower(ClipConfig config, ParameterSet parameters, PositionInterpolation interpolation, TransformerKernels kernels)
    {
        (_parameters, _eps) = (parameters, config.LayerNormEps);
        (Width, Layers, EmbedDim, PatchSize) = (config.Vision.Width, config.Vision.Layers, config.EmbedDim, config.Vision.PatchSize);
        _positions = new(parameters["visual.positional_embedding"].alias().DetachFromDisposeScope(), interpolation);
        _blocks = new([.. Enumerable.Range(0, Layers).Select(i => new TransformerBlock(
            parameters, $"visual.transformer.resblocks.{i}", config.Vision.Heads, config.Activation, config.LayerNormEps, causal: false))],
            config.LayerNormEps, kernels);
        _attention = [.. Enumerable.Range(0, Layers).Select(i => new SplitAttention(
            parameters, $"visual.transformer.resblocks.{i}", config.Vision.Heads, config.LayerNormEps))];
    }

    public int Width { get; }

    public int Layers { get; }

    public int EmbedDim { get; }

    public int PatchSize { get; }

    /// <summary>The position table, for comparison with reference implementations.</summary>
    internal PositionTable Positions => _positions;

    /// <summary>The projection into the joint space, <c>[D, C]</c>.</summary>
    internal Tensor Projection => _parameters["visual.proj"];

    public Tensor NormalizeLast(Tensor tokens) => Normalize(tokens, "visual.ln_post");

    public Device Device => _parameters["visual.proj"].device;

    public ScalarType Precision => _parameters["visual.proj"].dtype;

    public Tensor Embed(Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        return Normalize(EmbedRaw(images), "visual.ln_pre").MoveToOuterDisposeScope();
    }

    /// <summary>Patches, class token and positions before <c>ln_pre</c>, for comparison with reference implementations.</summary>
    internal Tensor EmbedRaw(Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        var patches = F.conv2d(images.to(Precision, Device), _parameters["visual.conv1.weight"], strides: [PatchSize, PatchSize]); // [B, D, g, g]
        var (B, rows, columns) = (patches.shape[0], patches.shape[2], patches.shape[3]);
        var classToken = _parameters["visual.class_embedding"].expand(B, 1, Width);
        return (torch.cat([classToken, patches.flatten(2).transpose(1, 2)], 1) + _positions.For(rows, columns)).MoveToOuterDisposeScope();
    }

    public Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context) => _blocks.Run(tokens, first, count, context);

    /// <inheritdoc cref="TransformerStack.KeepPacked"/>
    internal void KeepPacked(Tensor tokens) => _blocks.KeepPacked(tokens);

    public Tensor Project(Tensor tokens)
    {
        using var scope = torch.NewDisposeScope();
        return MatrixProduct.Of(Normalize(tokens.to(Precision, Device), "visual.ln_post"), _parameters["visual.proj"]).MoveToOuterDisposeScope();
    }

    public Tensor ProjectAttention(int block, Tensor tokens, AttentionPart part) => _attention[block].Project(tokens, part);

    public Tensor Attend(int block, Tensor queries, Tensor keys, Tensor values) => _attention[block].Attend(queries, keys, values);

    public Tensor ProjectWithoutNorm(Tensor tokens) => MatrixProduct.Of(tokens.to(Precision, Device), _parameters["visual.proj"]);

    public void Dispose()
    {
        _positions.Dispose();
        _blocks.Dispose();
    }

    private Tensor Normalize(Tensor x, string name) => F.layer_norm(x, [Width], _parameters[$"{name}.weight"], _parameters[$"{name}.bias"], _eps);
}
