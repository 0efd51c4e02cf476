using MfpClip.Backbones.Transformers;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Backbones.Dino;

/// <summary>
/// DINOv2's vision transformer (dinov2/models/vision_transformer.py). Layer scales are multiplied into the weights before them, so that its blocks are
/// those of CLIP's towers and share their kernels.
/// </summary>
internal sealed class DinoVisionTower : IVisionTower, IDisposable
{
    private readonly ParameterSet _parameters;
    private readonly PositionTable _positions;
    private readonly TransformerStack _blocks;
    private readonly DinoConfig _config;

    public DinoVisionTower(DinoConfig config, ParameterSet parameters, PositionInterpolation interpolation, TransformerKernels kernels)
    {
        (_config, _parameters) = (config, parameters);
        _positions = new(parameters["positions"].alias().DetachFromDisposeScope(), interpolation);
        _blocks = new([.. Enumerable.Range(0, Layers).Select(i => new TransformerBlock(
            parameters, FormattableString.Invariant($"blocks.{i}"), config.Heads, config.Activation, config.LayerNormEps, causal: false))],
            config.LayerNormEps, kernels);
    }

    public int Width => _config.Width;

    public int Layers => _config.Layers;

    public int EmbedDim => _config.Width; // no projection

    public int PatchSize => _config.PatchSize;

    public int PrefixTokens => 1 + _config.Registers;

    public Device Device => _parameters["norm.weight"].device;

    public ScalarType Precision => _parameters["norm.weight"].dtype;

    /// <summary>The position table, for comparison with reference implementations.</summary>
    internal PositionTable Positions => _positions;

    public Tensor Embed(Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        var patches = EmbedPatches(images); // [B, D, h, w]
        var (B, rows, columns) = (patches.shape[0], patches.shape[2], patches.shape[3]);
        var classToken = _parameters["class_token"].expand(B, 1, Width);
        var tokens = torch.cat([classToken, patches.flatten(2).transpose(1, 2)], 1) + _positions.For(rows, columns); // [B, 1 + N, D]
        return (_config.Registers == 0 ? tokens : torch.cat(
            [tokens.narrow(1, 0, 1), _parameters["registers"].expand(B, _config.Registers, Width), tokens.narrow(1, 1, rows * columns)], 1))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Patches before class token and positions, <c>[B, D, h, w]</c>, for comparison with reference implementations.</summary>
    internal Tensor EmbedPatches(Tensor images) =>
        F.conv2d(images.to(Precision, Device), _parameters["patch.weight"], _parameters["patch.bias"], strides: [PatchSize, PatchSize]);

    public Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context) => _blocks.Run(tokens, first, count, context);

    /// <inheritdoc cref="TransformerStack.KeepPacked"/>
    internal void KeepPacked(Tensor tokens) => _blocks.KeepPacked(tokens);

    public Tensor NormalizeLast(Tensor tokens) =>
        F.layer_norm(tokens.to(Precision, Device), [Width], _parameters["norm.weight"], _parameters["norm.bias"], _config.LayerNormEps);

    /// <summary>The final norm: there is no joint space to project into.</summary>
    public Tensor Project(Tensor tokens) => NormalizeLast(tokens);

    public void Dispose()
    {
        _positions.Dispose();
        _blocks.Dispose();
    }
}
