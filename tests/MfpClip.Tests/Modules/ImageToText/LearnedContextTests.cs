using MfpClip.Backbones;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.MultiPatch;
using MfpClip.Tests.Backbones;
using MfpClip.Tests.Detection;
using MfpClip.Text;

namespace MfpClip.Tests.Modules.ImageToText;

public sealed class LearnedContextTests : IDisposable
{
    private const int End = FakeBackbone.VocabSize - 1;
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly FakeBackbone _clip = new();
    private readonly FakeBackbone _clip64 = new(ScalarType.Float64);

    public static TheoryData<LearnedContextVariant> Variants => [.. Enum.GetValues<LearnedContextVariant>()];

    public void Dispose()
    {
        _clip.Dispose();
        _clip64.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CoOp_is_the_tower_on_start_context_state_read_at_the_moved_end(bool shared)
    {
        using var module = Create(new() { TokenCount = 2, SharedByStates = shared });
        module.Fill();
        using var states = States(_clip.Text);
        var text = _clip.Text;

        var t = module.EmbedStates(text, states, null, ForwardContext.Default);

        Assert.Equal(shared ? ["context"] : ["context.normal", "context.abnormal"], module.Names());
        Assert.Equal([1, 2, FakeBackbone.EmbedDim], t.shape);
        for (var s = 0; s < 2; s++)
        {
            var ids = s == 0 ? states.NormalIds : states.AbnormalIds;
            var e = text.EmbedTokens(ids)[0];
            var context = module.Get(shared ? "context" : s == 0 ? "context.normal" : "context.abnormal");
            var sequence = torch.cat([e.narrow(0, 0, 1), context, e.narrow(0, 1, 9)], 0).unsqueeze(0);
            var tokens = text.RunBlocks(text.AddPositions(sequence), 0, text.Layers, ForwardContext.Default);
            var end = torch.tensor(new[] { ids[0].argmax().item<long>() + 2 });
            TensorAssert.Close(F.normalize(text.Project(tokens, end)[0], dim: 0), t[0, s], 2e-6);
        }
    }

    [Fact]
    public void CoOp_that_starts_from_words_is_the_template_of_these_words()
    {
        var picture = ZeroShotDetectorTests.Picture(1);
        using var learned = Composed().UseLearnedContext(new() { TokenCount = 3, InitialText = "a photo of" }).Build();
        using var written = Composed().WithoutImageToTextPrompt().WithPromptTemplates(new() { Templates = ["a photo of [state]."] }).Build();

        Assert.Equal(written.Detect(picture).Score, learned.Detect(picture).Score, 1e-5f);
        Assert.NotEqual(written.Detect(picture, new() { ClassName = "bolt" }).Score, learned.Detect(picture).Score);
    }

    [Theory]
    [InlineData(LearnedContextVariant.CoCoOp)]
    [InlineData(LearnedContextVariant.DenseClipPostModel)]
    public void Without_what_the_image_adds_it_is_CoOp(LearnedContextVariant variant)
    {
        using var module = Create(new() { Variant = variant, TokenCount = 2, Gamma = 0 });
        using var coOp = Create(new() { TokenCount = 2 });
        using var states = States(_clip.Text);
        using var image = Image(_clip);
        using (torch.no_grad())
        {
            foreach (var (name, weight) in module.Weights.Where(w => w.Key.StartsWith("meta.linear2", StringComparison.Ordinal)))
            {
                weight.zero_();
            }
        }

        TensorAssert.Close(coOp.EmbedStates(_clip.Text, states, null, ForwardContext.Default)
            .expand(2, -1, -1), module.EmbedStates(_clip.Text, states, image, ForwardContext.Default), 1e-6);
    }

    [Fact]
    public void CoCoOp_moves_every_token_by_the_network_of_the_normalised_embedding()
    {
        using var module = (CoCoOpPrompt)Create(new() { Variant = LearnedContextVariant.CoCoOp, TokenCount = 2, Reduction = 4 });
        module.Fill();
        using var image = Image(_clip);

        Assert.Equal([2, FakeBackbone.EmbedDim], module.Get("meta.linear1.weight").shape);
        Assert.Equal([FakeBackbone.TextWidth, 2], module.Get("meta.linear2.weight").shape);
        var x = image.ClipEmbedding / image.ClipEmbedding.norm(-1, true, 2.0f);
        var hidden = (torch.matmul(x, module.Get("meta.linear1.weight").t()) + module.Get("meta.linear1.bias")).clamp(min: 0);
        TensorAssert.Close(torch.matmul(hidden, module.Get("meta.linear2.weight").t()) + module.Get("meta.linear2.bias"),
            module.Shift(image.ClipEmbedding), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Texts_are_normalised_and_differ_between_images_where_the_image_is_read(LearnedContextVariant variant)
    {
        using var module = Create(new() { Variant = variant, TokenCount = 2, DecoderWidth = 8, DecoderHeads = 2 });
        module.Fill();
        using var states = States(_clip.Text);
        using var image = Image(_clip);

        var t = module.EmbedStates(_clip.Text, states, image, ForwardContext.Default);

        TensorAssert.Close(torch.ones_like(t.select(-1, 0)), t.norm(-1, false, 2.0f), 1e-6);
        Assert.Equal(module.Reads == ImageSources.None ? 1 : 2, t.shape[0]);
        if (t.shape[0] == 2)
        {
            TensorAssert.Differs(t[0], t[1], 1e-5);
        }
    }

    [Fact]
    public void The_decoder_does_not_care_for_the_order_of_the_images_tokens()
    {
        using var weights = new ModuleWeights();
        var decoder = new ContextDecoder(weights, new(3), "x", new() { DecoderWidth = 8, DecoderHeads = 2 }, memoryWidth: 5, queryWidth: 4);
        var (queries, tokens) = (FakeBackbone.Values(1, ScalarType.Float32, 2, 3, 4), FakeBackbone.Values(2, ScalarType.Float32, 2, 6, 5));

        var straight = decoder.Read(queries, decoder.Memory(tokens));
        var turned = decoder.Read(queries, decoder.Memory(tokens.flip(1)));

        Assert.Equal([2, 3, 4], straight.shape);
        TensorAssert.Close(straight, turned, 1e-6);
        TensorAssert.Differs(straight[0], straight[1], 1e-5);
    }

    [Fact]
    public void The_decoder_is_its_formula_where_there_is_one_query_and_one_token()
    {
        using var weights = new ModuleWeights();
        var decoder = new ContextDecoder(weights, new(3), "x", new() { DecoderWidth = 4, DecoderHeads = 1, DecoderLayers = 1 }, memoryWidth: 5, queryWidth: 3);
        var (query, token) = (FakeBackbone.Values(1, ScalarType.Float32, 1, 1, 3), FakeBackbone.Values(2, ScalarType.Float32, 1, 1, 5));

        var actual = decoder.Read(query, decoder.Memory(token));

        // One key: attention is 1, so self attention is out(v(x)) and cross attention out(v(memory)).
        var memory = Norm(Linear("memory.proj", Norm(token)));
        var x = Linear("query.proj", Norm(query));
        x += Linear("layer1.self.out", Value("layer1.self.v", Norm(x)));
        x += Linear("layer1.cross.out", Value("layer1.cross.v", memory));
        x += Linear("layer1.mlp.out", F.gelu(Linear("layer1.mlp.hidden", Norm(x))));
        TensorAssert.Close(Linear("out.proj", Norm(x)), actual, 1e-5);

        Tensor Value(string name, Tensor v) => torch.matmul(v, weights[$"decoder.{name}.weight"].t());
        Tensor Linear(string name, Tensor v) => torch.matmul(v, weights[$"decoder.{name}.weight"].t()) + weights[$"decoder.{name}.bias"];
        static Tensor Norm(Tensor v) => (v - v.mean([-1], keepdim: true)) / (v.var(-1, unbiased: false, keepdim: true) + 1e-5).sqrt();
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Gradients_agree_with_difference_quotients(LearnedContextVariant variant)
    {
        using var module = Create(new()
        {
            Variant = variant, TokenCount = 2, DecoderWidth = 4, DecoderHeads = 2, DecoderLayers = 1, SharedByStates = variant != LearnedContextVariant.CoOp,
        });
        ((WeightedModule)module).To(torch.CPU, ScalarType.Float64);
        module.Fill();
        using var states = States(_clip64.Text);
        using var image = Image(_clip64, ScalarType.Float64);
        var c = FakeBackbone.Values(31, ScalarType.Float64, 2, 2, FakeBackbone.EmbedDim);

        GradientCheck.Agrees(module.Weights, () => (module.EmbedStates(_clip64.Text, states, image, ForwardContext.Default) * c).sum());
    }

    [Fact]
    public void Training_changes_the_context_only_and_forgets_kept_texts()
    {
        using var detector = Composed().UseLearnedContext(new() { TokenCount = 4 }).UseMultiPatch(new MultiPatchOptions { Projection = PatchProjection.Clip })
            .WithoutMaskPrompt().Build();
        var method = detector.GetTrainable();
        var picture = ZeroShotDetectorTests.Picture(1);
        float before = detector.Detect(picture).Score;
        var (name, weight) = Assert.Single(method.TrainedWeights);

        using (torch.no_grad())
        {
            // Not the same everywhere: what all values of a token share the layer norms take away again.
            weight.add_(FakeBackbone.Values(12, ScalarType.Float32, weight.shape));
        }

        float kept = detector.Detect(picture).Score;
        method.WeightsChanged();

        Assert.Equal("i2tp.context", name);
        Assert.Equal(before, kept);
        Assert.NotEqual(before, detector.Detect(picture).Score);
        weight.requires_grad_(true);
        using var scope = torch.NewDisposeScope();
        method.Loss(new() { Images = ImageBatch.FromPixels(torch.rand(1, 3, 56, 56)), ClassNames = ["bolt"], Labels = torch.ones(1), Masks =
            torch.ones(1, 56, 56), HasMask = [true] }, ForwardContext.Default).Total.backward();
        Assert.True(weight.grad!.abs().sum().item<float>() > 0);
        Assert.All(method.FrozenWeights, w => Assert.False(w.Value.requires_grad));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Live_tensors_stay_flat(LearnedContextVariant variant)
    {
        using var detector = Composed().UseLearnedContext(new() { Variant = variant, TokenCount = 2, DecoderWidth = 8 }).Build();
        detector.Detect(ZeroShotDetectorTests.Picture(1));
        long before = LiveTensors.Settle();

        detector.Detect(ZeroShotDetectorTests.Picture(2));
        detector.Detect(ZeroShotDetectorTests.Picture(3));

        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    [Fact]
    public void Every_fault_is_listed()
    {
        var options = new LearnedContextOptions { TokenCount = 10, DecoderHeads = 3, Gamma = double.NaN, InitialText = "a" };

        Assert.Equal(4, Assert.Throws<DetectorConfigurationException>(() => LearnedContext.Create(options, Sizes.Small)).Faults.Count);
        var e = Assert.Throws<DetectorConfigurationException>(() => Composed().UseLearnedContext(new() { TokenCount = 4, InitialText = "a photo of" }).Build());
        Assert.Contains("has 3 tokens", e.Message, StringComparison.Ordinal);
    }

    private static ZeroShotDetectorBuilder Composed() => new ZeroShotDetectorBuilder()
        .UseRandomBackbone(ZeroShotDetectorTests.Config, 3).WithImageSize(56).WithoutSelfPrompt();

    private static ImageContext Image(FakeBackbone clip, ScalarType type = ScalarType.Float32) => new(clip, null, FakeBackbone.Values(11, type, 2, 3, 4, 4));

    private static StateSentences States(ITextTower text)
    {
        using var scope = torch.NewDisposeScope();
        return StateSentenceEncoder.Encode(
            text, "object",
            torch.tensor(new long[] { 18, 3, 5, End, 0, 0, 0, 0, 0, 0, 0, 0 }, [1, 12]),
            torch.tensor(new long[] { 18, 3, 6, 7, End, 0, 0, 0, 0, 0, 0, 0 }, [1, 12]), ForwardContext.Default);
    }

    private static IImageToTextPrompt Create(LearnedContextOptions options) => LearnedContext.Create(options, Sizes.Small);
}
