using MfpClip.Modules;
using MfpClip.Modules.Self;
using MfpClip.Tests.Backbones;

namespace MfpClip.Tests.Modules.Self;

public sealed class SelfPromptTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly ImageContext _features = ImageContext.Of(new(
        torch.tensor(new float[] { 1, 2, 3, 4, 5, 6, -1, 0, 0, 0, 0, 1 }, [2, 6]),
        [
            torch.tensor(new float[] { 10, 0, 0, 20, 0, 0 }, [2, 3]),
            torch.tensor(new float[] { 1, 0, 0, 2, 0, 0 }, [2, 3]),
            torch.tensor(new float[] { 3, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0 }, [2, 6]),
        ]));

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Each_prompted_stage_has_its_own_named_adapters()
    {
        using var module = SelfPrompt.Create(new() { AdapterCount = 2, Stages = [3, 1] }, Sizes.Small);

        Assert.Equal(
            ["stage1.adapter1.weight", "stage1.adapter1.bias", "stage1.adapter2.weight", "stage1.adapter2.bias",
             "stage3.adapter1.weight", "stage3.adapter1.bias", "stage3.adapter2.weight", "stage3.adapter2.bias"],
            module.Names());
        Assert.Equal([1, 3], module.Stages);
        Assert.Equal([FakeBackbone.VisionWidth, 6], module.Get("stage1.adapter1.weight").shape);
        Assert.Equal("sp", ((WeightedModule)module).CheckpointPrefix);
        TensorAssert.Differs(module.CreatePrompts(1, _features), module.CreatePrompts(3, _features));
        Assert.Throws<ArgumentOutOfRangeException>(() => module.CreatePrompts(2, _features));
    }

    [Fact]
    public void Adding_a_stage_leaves_the_start_of_the_others()
    {
        using var one = SelfPrompt.Create(new() { Stages = [1], Seed = 3 }, Sizes.Small);
        using var two = SelfPrompt.Create(new() { Stages = [1, 2], Seed = 3 }, Sizes.Small);
        using var other = SelfPrompt.Create(new() { Stages = [1], Seed = 4 }, Sizes.Small);

        TensorAssert.Close(one.CreatePrompts(1, _features), two.CreatePrompts(1, _features), 0);
        TensorAssert.Differs(one.CreatePrompts(1, _features), other.CreatePrompts(1, _features));
    }

    [Fact]
    public void Prompt_kIs_adapter_k_of_the_pooled_feature()
    {
        using var module = SelfPrompt.Create(new() { AdapterCount = 2 }, Sizes.Small);
        Zero(module);
        Set(module, "stage1.adapter1.weight", [0, 5], 2); // D0 = 2 f5
        Set(module, "stage1.adapter2.weight", [3, 0], -1); // D3 = -f0
        Set(module, "stage1.adapter2.bias", [4], 0.5f); // D4 = 0.5

        var p = module.CreatePrompts(1, _features);

        Assert.Equal([2, 2, 6], p.shape);
        TensorAssert.Values([12, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0.5, 0], p[0]);
        TensorAssert.Values([2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0.5, 0], p[1]);
    }

    [Fact]
    public void Level_adapters_read_the_deepest_levels_shallow_first()
    {
        using var module = SelfPrompt.Create(new() { Variant = SelfPromptVariant.Levels, AdapterCount = 2 }, Sizes.Small);
        Assert.Equal([6, 3], module.Get("stage1.adapter1.weight").shape); // level 2 of 3
        Assert.Equal([6, 6], module.Get("stage1.adapter2.weight").shape); // level 3 of 3
        Assert.Equal("sp_levels", ((WeightedModule)module).CheckpointPrefix);
        Zero(module);
        Set(module, "stage1.adapter1.weight", [0, 0], 1);
        Set(module, "stage1.adapter2.weight", [0, 0], 1);

        var p = module.CreatePrompts(1, _features);

        TensorAssert.Values([1, 3], p[0].select(1, 0));
        TensorAssert.Values([2, 4], p[1].select(1, 0));
    }

    [Theory]
    [InlineData(SelfPromptVariant.Pooled)]
    [InlineData(SelfPromptVariant.Levels)]
    public void Gradients_agree_with_difference_quotients(SelfPromptVariant variant)
    {
        using var module = SelfPrompt.Create(new() { Variant = variant, AdapterCount = 2 }, Sizes.Small);
        ((WeightedModule)module).To(torch.CPU, ScalarType.Float64);

        GradientCheck.Agrees(module.Weights, () => module.CreatePrompts(1, _features).pow(2).sum());
    }

    [Fact]
    public void Off_prompts_no_stage()
    {
        using var module = SelfPrompt.Create(new() { Variant = SelfPromptVariant.Off }, Sizes.Small with { FeatureDim = 0 });

        Assert.Empty(module.Stages);
        Assert.Empty(module.Weights);
    }

    [Theory]
    [InlineData(0, SelfPromptVariant.Pooled, new[] { 1 })]
    [InlineData(5, SelfPromptVariant.Pooled, new[] { 5 })]
    [InlineData(5, SelfPromptVariant.Pooled, new[] { 0 })]
    [InlineData(5, SelfPromptVariant.Pooled, new[] { 1, 1 })]
    [InlineData(5, SelfPromptVariant.Pooled, new int[0])]
    [InlineData(4, SelfPromptVariant.Levels, new[] { 1 })]
    public void Invalid_options_are_refused(int adapters, SelfPromptVariant variant, int[] stages)
    {
        var options = new SelfPromptOptions { AdapterCount = adapters, Variant = variant, Stages = stages };

        Assert.Single(Assert.Throws<DetectorConfigurationException>(() => SelfPrompt.Create(options, Sizes.Small)).Faults);
    }

    private static void Zero(ISelfPrompt module)
    {
        using var guard = torch.no_grad();
        foreach (var (_, w) in module.Weights)
        {
            w.zero_();
        }
    }

    private static void Set(ISelfPrompt module, string name, long[] at, float value)
    {
        using var guard = torch.no_grad();
        var w = module.Get(name);
        if (at.Length == 2)
        {
            w[at[0], at[1]] = value;
        }
        else
        {
            w[at[0]] = value;
        }
    }
}
