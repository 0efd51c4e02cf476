using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Tests.Backbones;
using MfpClip.Text;

namespace MfpClip.Tests.Modules.ImageToText;

public sealed class ImageToTextPromptTests : IDisposable
{
    private const int End = FakeBackbone.VocabSize - 1;
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly FakeBackbone _clip = new();
    private readonly FakeBackbone _clip64 = new(ScalarType.Float64);
    private readonly ImageContext _features = ImageContext.Of(new(FakeBackbone.Values(21, ScalarType.Float32, 2, 6), []));

    public void Dispose()
    {
        _features.Cnn.Pooled.Dispose();
        _clip.Dispose();
        _clip64.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(ImageToTextVariant.Prepend, null, new[] { "proj.weight", "proj.bias" })]
    [InlineData(ImageToTextVariant.Prepend, 3, new[] { "proj.hidden.weight", "proj.hidden.bias", "proj.weight", "proj.bias" })]
    [InlineData(ImageToTextVariant.Residual, null, new[] { "residual.weight", "residual.bias" })]
    [InlineData(ImageToTextVariant.Off, null, new string[0])]
    public void Weights_are_named_and_embeddings_normalised(ImageToTextVariant variant, int? hidden, string[] names)
    {
        using var module = Create(new() { Variant = variant, HiddenWidth = hidden });
        using var states = States(_clip.Text);

        var t = module.EmbedStates(_clip.Text, states, variant == ImageToTextVariant.Off ? null : _features, ForwardContext.Default);

        Assert.Equal(names, module.Names());
        Assert.Equal(variant != ImageToTextVariant.Off, module.Reads == ImageSources.CnnFeatures);
        Assert.Equal([variant == ImageToTextVariant.Off ? 1 : 2, 2, FakeBackbone.EmbedDim], t.shape);
        TensorAssert.Close(torch.ones_like(t.select(-1, 0)), t.norm(-1, false, 2.0f), 1e-6);
    }

    [Fact]
    public void Prepend_is_the_tower_on_start_prompt_template_read_at_the_moved_end()
    {
        using var module = Create(new() { TokenCount = 2 });
        using var states = States(_clip.Text);
        var text = _clip.Text;

        var t = module.EmbedStates(text, states, _features, ForwardContext.Default);

        // The formula of docs/method.md section 2, one image and state at a time and without cutting the sequence behind the end.
        for (var b = 0; b < 2; b++)
        {
            var p = F.linear(_features.Cnn.Pooled[b], module.Get("proj.weight"), module.Get("proj.bias")).view(2, FakeBackbone.TextWidth);
            for (var s = 0; s < 2; s++)
            {
                var ids = s == 0 ? states.NormalIds : states.AbnormalIds;
                var e = text.EmbedTokens(ids)[0];
                var sequence = torch.cat([e.narrow(0, 0, 1), p, e.narrow(0, 1, 11)], 0).narrow(0, 0, 12).unsqueeze(0);
                var tokens = text.RunBlocks(text.AddPositions(sequence), 0, text.Layers, ForwardContext.Default);
                var end = torch.tensor(new[] { ids[0].argmax().item<long>() + 2 });
                TensorAssert.Close(F.normalize(text.Project(tokens, end)[0], dim: 0), t[b, s], 2e-6);
            }
        }

        TensorAssert.Differs(t[0], t[1]);
    }

    [Fact]
    public void A_template_too_long_for_the_prompt_keeps_its_end_of_text()
    {
        using var module = Create(new() { TokenCount = 3 });
        // Twelve positions, all taken: with three prompt tokens only positions 1..7 of the words stay, then the end.
        var full = torch.tensor(new long[] { 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, End }, [1, 12]);
        var cut = torch.tensor(new long[] { 18, 1, 2, 3, 4, 5, 6, 7, End, 0, 0, 0 }, [1, 12]);
        using var a = StateSentenceEncoder.Encode(_clip.Text, "object", full, full, ForwardContext.Default);
        using var b = StateSentenceEncoder.Encode(_clip.Text, "object", cut, cut, ForwardContext.Default);

        TensorAssert.Close(module.EmbedStates(_clip.Text, b, _features, ForwardContext.Default),
            module.EmbedStates(_clip.Text, a, _features, ForwardContext.Default), 1e-6);
    }

    [Fact]
    public void Several_sentences_of_a_state_are_averaged()
    {
        using var module = Create(new() { TokenCount = 1 });
        using var first = States(_clip.Text, 3);
        using var second = States(_clip.Text, 4);
        using var both = StateSentenceEncoder.Encode(
            _clip.Text, "object", torch.cat([first.NormalIds, second.NormalIds], 0), first.AbnormalIds, ForwardContext.Default);

        var t = module.EmbedStates(_clip.Text, both, _features, ForwardContext.Default);

        var t1 = module.EmbedStates(_clip.Text, first, _features, ForwardContext.Default);
        var t2 = module.EmbedStates(_clip.Text, second, _features, ForwardContext.Default);
        TensorAssert.Close(F.normalize((t1.select(1, 0) + t2.select(1, 0)) / 2, dim: 1), t.select(1, 0), 1e-6);
        TensorAssert.Close(t1.select(1, 1), t.select(1, 1), 1e-6);
        TensorAssert.Close(
            F.normalize((first.Embeddings[0] + second.Embeddings[0]) / 2, dim: 0), both.Embeddings[0], 1e-6);
    }

    [Fact]
    public void An_untrained_residual_leaves_the_template()
    {
        using var module = Create(new() { Variant = ImageToTextVariant.Residual });
        using var states = States(_clip.Text);

        TensorAssert.Close(states.Embeddings.unsqueeze(0).expand(2, 2, -1), module.EmbedStates(_clip.Text, states, _features, ForwardContext.Default), 1e-6);
    }

    [Fact]
    public void Residual_adds_alpha_times_the_projected_feature()
    {
        using var module = Create(new() { Variant = ImageToTextVariant.Residual, Alpha = 2 });
        using var ids = torch.tensor(new long[] { 18, End, 0 }, [1, 3]);
        using var states = new StateSentences("x", ids.clone(), ids.clone(), torch.eye(2, 8, dtype: ScalarType.Float32));
        using (torch.no_grad())
        {
            module.Get("residual.weight").zero_()[0, 0] = 1.5f; // reads f[0] into dimension 0
            module.Get("residual.bias").zero_()[2] = 0.5f;
        }

        var f = torch.tensor(new float[] { 1, 9, 9, 9, 9, 9 }, [1, 6]);
        var t = module.EmbedStates(_clip.Text, states, ImageContext.Of(new(f, [])), ForwardContext.Default);

        // normal: (1 + 2 * 1.5, 0, 2 * 0.5) = (4, 0, 1); abnormal: (3, 1, 1).
        TensorAssert.Values([4 / Math.Sqrt(17), 0, 1 / Math.Sqrt(17), 0, 0, 0, 0, 0], t[0, 0]);
        TensorAssert.Values([3 / Math.Sqrt(11), 1 / Math.Sqrt(11), 1 / Math.Sqrt(11), 0, 0, 0, 0, 0], t[0, 1]);
    }

    [Theory]
    [InlineData(ImageToTextVariant.Prepend, null)]
    [InlineData(ImageToTextVariant.Prepend, 4)]
    [InlineData(ImageToTextVariant.Residual, null)]
    public void Gradients_agree_with_difference_quotients(ImageToTextVariant variant, int? hidden)
    {
        using var module = Create(new() { Variant = variant, HiddenWidth = hidden, TokenCount = 2 });
        ((WeightedModule)module).To(torch.CPU, ScalarType.Float64);
        module.Fill();
        using var states = States(_clip64.Text);
        var c = FakeBackbone.Values(31, ScalarType.Float64, 2, 2, FakeBackbone.EmbedDim);

        GradientCheck.Agrees(module.Weights, () => (module.EmbedStates(_clip64.Text, states, _features, ForwardContext.Default) * c).sum());
    }

    [Fact]
    public void Every_fault_is_listed()
    {
        var options = new ImageToTextPromptOptions { TokenCount = 10, HiddenWidth = 0, Alpha = double.NaN };

        var e = Assert.Throws<DetectorConfigurationException>(
            () => ImageToTextPrompt.Create(options, Sizes.Small with { FeatureDim = 0 }));

        Assert.Equal(4, e.Faults.Count);
    }

    private static StateSentences States(ITextTower text, long word = 3)
    {
        using var scope = torch.NewDisposeScope();
        return StateSentenceEncoder.Encode(
            text, "object",
            torch.tensor(new long[] { 18, word, 5, End, 0, 0, 0, 0, 0, 0, 0, 0 }, [1, 12]),
            torch.tensor(new long[] { 18, word, 6, 7, End, 0, 0, 0, 0, 0, 0, 0 }, [1, 12]), ForwardContext.Default);
    }

    private static IImageToTextPrompt Create(ImageToTextPromptOptions options) => ImageToTextPrompt.Create(options, Sizes.Small);
}
