using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.Mask;
using MfpClip.Tests.Backbones;

namespace MfpClip.Tests.Modules.Mask;

public sealed class MaskPromptTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor[] _z = [FakeBackbone.Values(41, ScalarType.Float32, 2, 8, 3, 2), FakeBackbone.Values(42, ScalarType.Float32, 2, 8, 3, 2)];
    private readonly Tensor _t = FakeBackbone.Values(43, ScalarType.Float32, 1, 2, 8);
    private readonly Tensor _map = FakeBackbone.Values(44, ScalarType.Float32, 2, 6, 4).abs();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void An_untrained_encoder_leaves_features_and_texts_as_they_were()
    {
        using var module = MaskPrompt.Create(new(), Sizes.Small);

        var result = module.Apply(_z, _t, _map, ForwardContext.Default)!;

        for (var i = 0; i < 2; i++)
        {
            TensorAssert.Close(_z[i], result.Features[i], 0);
            TensorAssert.Close(_t, result.Texts[i], 0);
        }
    }

    [Fact]
    public void A_trained_encoder_changes_features_by_gamma_times_the_refinement()
    {
        using var module = MaskPrompt.Create(new(), Sizes.Small);
        module.Fill();
        Set(module, "gamma", 1);
        var one = module.Apply(_z, _t, _map, ForwardContext.Default)!.Features[0] - _z[0];
        Set(module, "gamma", 3);
        var three = module.Apply(_z, _t, _map, ForwardContext.Default)!.Features[0] - _z[0];

        TensorAssert.Differs(one, torch.zeros_like(one));
        TensorAssert.Close(3 * one, three, 1e-5);
        TensorAssert.Differs(one, module.Apply(_z, _t, _map.flip(1), ForwardContext.Default)!.Features[0] - _z[0]); // the mask matters
    }

    [Fact]
    public void Weights_have_the_specs_names_and_shapes()
    {
        using var module = MaskPrompt.Create(new(), Sizes.Small);

        Assert.Equal(
            ["encoder.conv1.weight [2,1,1,1]", "encoder.conv1.bias [2]", "encoder.conv2.weight [8,2,3,3]", "encoder.conv2.bias [8]",
             "refine.norm.weight [8]", "refine.norm.bias [8]", "refine.depthwise.weight [8,1,3,3]", "refine.depthwise.bias [8]",
             "refine.linear.weight [8,8]", "refine.linear.bias [8]", "gamma [8]"],
            module.Weights.Select(w => $"{w.Key} [{string.Join(',', w.Value.shape)}]"));
    }

    [Fact]
    public void The_mask_is_the_mean_of_each_patchs_pixels()
    {
        var map = torch.tensor(new float[] { 1, 3, 0, 0, 5, 7, 0, 8 }, [1, 2, 4]);

        TensorAssert.Values([4, 2], MaskPrompt.Pool(map, 1, 2, detach: true));
    }

    [Fact]
    public void Prototypes_pull_texts_towards_what_the_mask_shows()
    {
        using var module = MaskPrompt.Create(new() { Variant = MaskPromptVariant.Prototype, Beta = 0.5 }, Sizes.Small);
        // Two patches along dimensions 0 and 1, mask 0 and 1: the normal prototype is patch 1, the abnormal one patch 2.
        var z = torch.tensor(new float[] { 3, 0, 0, 5 }, [1, 2, 1, 2]); // [B, C, 1, 2]: channel 0 = (3, 0), channel 1 = (0, 5)
        var map = torch.tensor(new float[] { 0, 1 }, [1, 1, 2]);
        var t = torch.tensor(new float[] { 0, 1, 0, 1 }, [1, 2, 2]);

        var result = module.Apply([z], t, map, ForwardContext.Default)!;

        Assert.Empty(module.Weights);
        TensorAssert.Close(z, result.Features[0], 0);
        // normal: (0,1) + 0.5 (1,0), normalised; abnormal: (0,1) + 0.5 (0,1), normalised.
        TensorAssert.Values([0.5 / Math.Sqrt(1.25), 1 / Math.Sqrt(1.25), 0, 1], result.Texts[0], 1e-6);
    }

    [Fact]
    public void An_empty_mask_gives_finite_texts()
    {
        using var module = MaskPrompt.Create(new() { Variant = MaskPromptVariant.Prototype }, Sizes.Small);

        var result = module.Apply(_z, _t, torch.zeros_like(_map), ForwardContext.Default)!;

        Assert.True(result.Texts[0].isfinite().all().item<bool>());
        TensorAssert.Close(F.normalize(_t.select(1, 1), dim: 1).expand(2, 8), result.Texts[0].select(1, 1), 1e-6);
    }

    [Theory]
    [InlineData(MaskPromptVariant.Learned, true)]
    [InlineData(MaskPromptVariant.Learned, false)]
    [InlineData(MaskPromptVariant.Prototype, true)]
    [InlineData(MaskPromptVariant.Prototype, false)]
    public void Gradients_reach_the_coarse_map_only_where_asked_for(MaskPromptVariant variant, bool detach)
    {
        using var module = MaskPrompt.Create(new() { Variant = variant, DetachMask = detach }, Sizes.Small);
        module.Fill();
        var map = _map.detach().clone().requires_grad_(true);
        var z = _z[0].detach().clone().requires_grad_(true);

        var result = module.Apply([z], _t, map, ForwardContext.Default)!;
        (result.Features[0].pow(3).sum() + result.Texts[0].pow(3).sum()).backward();

        Assert.Equal(detach, map.grad is null || map.grad.abs().sum().item<float>() == 0);
        Assert.NotNull(z.grad);
    }

    [Fact]
    public void Gradients_agree_with_difference_quotients()
    {
        using var module = MaskPrompt.Create(new(), Sizes.Small);
        ((WeightedModule)module).To(torch.CPU, ScalarType.Float64);
        module.Fill();
        var z = _z[0].to_type(ScalarType.Float64);

        GradientCheck.Agrees(module.Weights, () => module.Apply([z], _t, _map, ForwardContext.Default)!.Features[0].pow(2).sum());
    }

    [Fact]
    public void Off_keeps_the_coarse_map()
    {
        using var module = MaskPrompt.Create(new() { Variant = MaskPromptVariant.Off }, Sizes.Small);

        Assert.Null(module.Apply(_z, _t, _map, ForwardContext.Default));
    }

    [Fact]
    public void Invalid_options_are_refused() => Assert.Equal(
        2,
        Assert.Throws<DetectorConfigurationException>(
            () => MaskPrompt.Create(new() { Beta = -1 }, Sizes.Small with { EmbedDim = 3 })).Faults.Count);

    private static void Set(IMaskPrompt module, string name, float value)
    {
        using var guard = torch.no_grad();
        module.Get(name).fill_(value);
    }
}
