using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Tensors;

namespace MfpClip.Modules.Mask;

/// <summary>
/// MP with a trained encoder (docs/method.md section 6; the purpose is the paper's, the form reconstructed):
/// <c>Z_i' = Z_i + gamma Refine(Z_i + MaskEncoder(m))</c>. gamma starts at 0, so an untrained module leaves the map as it was.
/// </summary>
internal sealed class LearnedMaskPrompt : WeightedModule, IMaskPrompt
{
    private const double LayerNormEps = 1e-5;

    private readonly bool _detach;
    private readonly long _channels;

    public LearnedMaskPrompt(MaskPromptOptions options, ModuleDimensions dimensions)
    {
        _detach = options.DetachMask;
        _channels = dimensions.EmbedDim;
        var start = new ParameterInitializer(options.Seed);
        Parameters.AddConvolution(start, CheckpointPrefix, "encoder.conv1", 1, _channels / 4, kernel: 1);
        Parameters.AddConvolution(start, CheckpointPrefix, "encoder.conv2", _channels / 4, _channels, kernel: 3);
        Parameters.Add("refine.norm.weight", torch.ones(_channels, dtype: ScalarType.Float32));
        Parameters.Add("refine.norm.bias", torch.zeros(_channels, dtype: ScalarType.Float32));
        Parameters.AddConvolution(start, CheckpointPrefix, "refine.depthwise", _channels, _channels, kernel: 3, groups: _channels);
        Parameters.AddLinear(start, CheckpointPrefix, "refine.linear", _channels, _channels);
        Parameters.Add("gamma", torch.zeros(_channels, dtype: ScalarType.Float32));
    }

    /// <inheritdoc/>
    public override string CheckpointPrefix => "mp";

    /// <summary>P_m: the mask encoder, conv 1x1, GELU, conv 3x3.</summary>
    /// <param name="m">Mask <c>[B, 1, g, g']</c>.</param>
    /// <returns><c>[B, C, g, g']</c>.</returns>
    public Tensor Encode(Tensor m)
    {
        using var scope = torch.NewDisposeScope();
        var (weight, bias) = (Parameters["encoder.conv1.weight"], Parameters["encoder.conv1.bias"]);
        // One channel and a 1x1 kernel: a product. libtorch's convolution of few values writes a warning where NNPACK does not know the processor.
        var first = torch.is_grad_enabled() ? F.conv2d(Enter(m), weight, bias) : (Enter(m) * weight.view(1, -1, 1, 1)).add_(bias.view(1, -1, 1, 1));
        var hidden = F.gelu(first);
        // Channels last, as the patches are: the sum with them and what follows keep that order, in which convolutions are twice as fast.
        return Parameters.Convolution("encoder.conv2", ConvolutionLayer.ChannelsLast(hidden), padding: 1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public MaskPromptResult? Apply(IReadOnlyList<Tensor> Z, Tensor t, Tensor coarseMap, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var m = MaskPrompt.Pool(coarseMap, Z[0].shape[2], Z[0].shape[3], _detach);
        var P_m = Encode(m);
        context.Trace?.Keep("mask_prompt", m);
        context.Trace?.Keep("P_m", P_m);
        var gamma = Parameters["gamma"].view(1, _channels, 1, 1);
        var prompted = Z.Select(z => Refine(z, P_m).mul(gamma).add_(z).MoveToOuterDisposeScope()).ToList();
        return new(prompted, [.. Z.Select(_ => t.alias().MoveToOuterDisposeScope())]);
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "mask prompt (MP)",
        Component = "learned encoder",
        Options = new Dictionary<string, string> { ["detach mask"] = _detach ? "true" : "false" },
    };

    /// <summary>Layer norm over the channels, depthwise 3x3, GELU, linear.</summary>
    private Tensor Refine(Tensor z, Tensor P_m)
    {
        using var scope = torch.NewDisposeScope();
        if (FusedRefinement.Serves(z))
        {
            var fused = FusedRefinement.Apply(
                z, P_m, (Parameters["refine.norm.weight"], Parameters["refine.norm.bias"]), LayerNormEps,
                (Parameters["refine.depthwise.weight"], Parameters["refine.depthwise.bias"])); // [B, g, g', C]
            return Parameters.Linear("refine.linear", fused).permute(0, 3, 1, 2).MoveToOuterDisposeScope(); // [B, C, g, g']
        }

        var x = z + P_m;
        var u = F.layer_norm(
            x.permute(0, 2, 3, 1), [_channels], Parameters["refine.norm.weight"], Parameters["refine.norm.bias"], LayerNormEps); // [B, g, g', C]
        u = F.conv2d(
            // [B, C, g, g']
            u.permute(0, 3, 1, 2), Parameters["refine.depthwise.weight"], Parameters["refine.depthwise.bias"], padding: [1, 1], groups: _channels);
        u = Parameters.Linear("refine.linear", F.gelu(u).permute(0, 2, 3, 1)); // [B, g, g', C]
        return u.permute(0, 3, 1, 2).MoveToOuterDisposeScope(); // [B, C, g, g']
    }
}
