using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Kernels;

namespace MfpClip.Tests.Execution;

public class ActivationCheckpointingTests
{
    private static readonly ClipConfig Small = new()
    {
        EmbedDim = 32,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 64, Layers = 5, Heads = 2 },
        Text = new() { VocabSize = 64, ContextLength = 16, Width = 32, Layers = 1, Heads = 1 },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    public void Values_and_gradients_are_those_of_the_plain_tower(int blocks)
    {
        using var clip = ClipBackbone.CreateRandom(Small, 3);
        var (plain, plainGradient) = Run(clip, 0);
        var (recomputed, gradient) = Run(clip, blocks);
        Assert.Equal(plain, recomputed);
        Assert.Equal(plainGradient, gradient);
        Assert.Contains(gradient, g => Math.Abs(g) > 1e-4);
    }

    [Fact]
    public void The_graph_keeps_one_tensor_a_segment_instead_of_every_activation()
    {
        using var clip = ClipBackbone.CreateRandom(Small, 3);
        using var scope = torch.NewDisposeScope();
        int runs = 0;
        var x = torch.randn(1, 5, 64, requires_grad: true);
        var y = ActivationCheckpointing.Run(x, input =>
        {
            runs++;
            Assert.Equal(runs == 2, torch.is_grad_enabled());
            return clip.Vision.RunBlocks(input, 0, 2, ForwardContext.Default);
        });
        Assert.Equal(1, runs);
        y.sum().backward();

        Assert.Equal(2, runs);
        Assert.NotNull(x.grad);
    }

    [Fact]
    public void It_is_off_where_no_gradient_is_asked_for()
    {
        using var x = torch.randn(1, 2, requires_grad: true);
        using var constant = torch.randn(1, 2);
        var context = new ForwardContext { RecomputedBlocks = 2 };
        Assert.True(context.Recomputes(x));
        Assert.False(context.Recomputes(constant));
        Assert.False(ForwardContext.Default.Recomputes(x));
        Assert.Throws<ArgumentOutOfRangeException>(() => context with { RecomputedBlocks = -1 });
        using var guard = torch.no_grad();
        Assert.False(context.Recomputes(x));
    }

    [Fact]
    public void A_training_runs_libtorchs_own_operators_whatever_was_measured_to_be_faster()
    {
        Assert.Same(TransformerKernels.Plain, KernelMeasurement.Measured.For(reproducible: false)); // gradients are on
        using var guard = torch.no_grad();
        Assert.Same(TransformerKernels.Plain, KernelMeasurement.Measured.For(reproducible: true));
        Assert.Same(KernelMeasurement.Measured, KernelMeasurement.Measured.For(reproducible: false));
    }

    [Fact]
    public void Live_tensors_stay_flat()
    {
        using var clip = ClipBackbone.CreateRandom(Small, 3);
        Run(clip, 1);
        long before = LiveTensors.Settle();
        for (int i = 0; i < 10; i++)
        {
            Run(clip, 1);
        }

        Assert.Equal(before, LiveTensors.Settle());
    }

    private static (float[] Value, float[] Gradient) Run(ClipBackbone clip, int blocks)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(7);
        var tokens = torch.randn([2, 5, 64], generator: generator).requires_grad_(true);
        var projected = clip.Vision.Project(clip.Vision.RunBlocks(tokens, 0, 5, new() { RecomputedBlocks = blocks }));
        (projected * projected).sum().backward();
        return (projected.detach().data<float>().ToArray(), tokens.grad!.data<float>().ToArray());
    }
}
