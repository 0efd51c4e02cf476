using MfpClip.Backbones;
using MfpClip.Backbones.Hybrid;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Methods.AdaClip;
using MfpClip.Methods.AnomalyClip;
using MfpClip.Modules;
using MfpClip.Modules.Self;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.Methods;

/// <summary>AnomalyCLIP and AdaCLIP on the tower of the small default model, which wants its patches last and pools what it attends to.</summary>
public sealed class HybridTowerMethodsTests : IDisposable
{
    private static readonly HybridConfig Small = new()
    {
        EmbedDim = 16,
        Vision = new() { ImageSize = 64, Width = 24, Layers = 4, Heads = 2, PooledGrid = 3, PositionGrid = 4, NearestPatches = true },
        Text = new() { VocabSize = 49408, Width = 8, Layers = 3, Heads = 2, ContextLength = 77 },
    };

    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_detect(bool ada)
    {
        var builder = new ZeroShotDetectorBuilder().UseBackbone(HybridBackbone.CreateRandom(Small, 1)).WithImageSize(64);
        using var detector = (ada ? builder.UseAdaClip(new() { Clusters = 3 }) : builder.UseAnomalyClip()).Build();

        var a = detector.Detect(ZeroShotDetectorTests.Picture(1));
        var b = detector.Detect(ZeroShotDetectorTests.Picture(2));

        Assert.NotEqual(a.ModelMap.Data, b.ModelMap.Data);
        Assert.All(a.ModelMap.Data, v => Assert.InRange(v, 0, 1));
        Assert.InRange(a.Score, 0, 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Prompts_keep_the_grid_in_place(bool ada)
    {
        using var backbone = HybridBackbone.CreateRandom(Small, 1);
        var dimensions = ModuleDimensions.Of(backbone, null, 4);
        var encoder = ada ? AdaClipParts.CreateVisionEncoder(dimensions) : AnomalyClipParts.CreateVisionEncoder(dimensions, new() { DualPathBlocks = 0 });
        using var image = new ImageContext(backbone, null, torch.randn(1, 3, 64, 64));

        var stage = encoder.Encode(new() { Tower = backbone.Vision, Image = image, Stages = new([1, 2, 3, 4]), Self = new NoSelfPrompt() }).Stages[0];

        var without = backbone.Vision.RunBlocks(image.Embedded, 0, 1, ForwardContext.Default);
        Assert.Equal(without.shape, stage.Tokens.shape);
        double change = (stage.Grid() - without.narrow(1, 1, 64)).abs().mean().item<float>(), size = without.abs().mean().item<float>();
        Assert.InRange(change / size, 0, 0.5); // were the grid shifted, every patch would differ
    }

    [Fact]
    public void The_second_path_sees_every_patch_through_the_blocks_own_projections()
    {
        using var backbone = HybridBackbone.CreateRandom(Small, 1);
        var blocks = (IAttentionBlocks)backbone.Vision;
        var tokens = backbone.Vision.Embed(torch.randn(1, 3, 64, 64));

        var parts = new[] { AttentionPart.Queries, AttentionPart.Keys, AttentionPart.Values }.Select(p => blocks.ProjectAttention(1, tokens, p)).ToList();

        Assert.All(parts, p => Assert.Equal([1, 2, 65, 12], p.shape));
        TensorAssert.Differs(parts[1], parts[2]);
        // A change of one patch reaches every other through values alone.
        var v = parts[2];
        var changed = v.clone();
        changed[0, 0, 40] += 1;
        TensorAssert.Differs(blocks.Attend(1, v, v, v)[0, 3], blocks.Attend(1, changed, changed, changed)[0, 3], 1e-6);
    }
}
