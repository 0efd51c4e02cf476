using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Kernels;
using MfpClip.Tests.Backbones;
using MfpClip.Tests.Conventions;

namespace MfpClip.Tests.Kernels;

/// <summary>Towers that choose their kernels by measurement against towers of libtorch's plain operators.</summary>
public class KernelChoiceTests
{
    // Wide enough that every kernel serves: heads of 64 values.
    internal static readonly ClipConfig Wide = new()
    {
        EmbedDim = 32,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 128, Layers = 3, Heads = 2 },
        Text = new() { VocabSize = 50, Width = 64, Layers = 2, Heads = 1, ContextLength = 20 },
        Activation = MlpActivation.QuickGelu,
    };

    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.1)]
    public void Chosen_kernels_give_what_plain_ones_give(ScalarType precision, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var plain = ClipBackbone.CreateRandom(Wide, 3, new() { Precision = precision, Kernels = KernelChoice.Plain });
        using var measured = ClipBackbone.CreateRandom(Wide, 3, new() { Precision = precision });
        foreach (int images in new[] { 1, 3 })
        {
            Close(Vision(plain, images), Vision(measured, images));
        }

        Close(Text(plain), Text(measured));
        Assert.Contains(KernelMeasurement.Choices, c => c.Key is { Kind: "linear", Inputs: 128, Outputs: 384 } && c.Value.Milliseconds.Count >= 2);

        void Close(Tensor expected, Tensor actual) =>
            TensorAssert.Close(expected.to_type(ScalarType.Float32), actual.to_type(ScalarType.Float32), tolerance * expected.abs().max()
                .to_type(ScalarType.Float32).item<float>());
    }

    [Fact]
    public void Kernels_are_chosen_before_the_first_call()
    {
        Assert.True(Knows(192, KernelChoice.Measured));
        Assert.False(Knows(320, KernelChoice.Plain));

        static bool Knows(int width, KernelChoice kernels)
        {
            // A width that no other test has.
            var config = Wide with { Vision = Wide.Vision with { Width = width, Heads = width / 64 } };
            using var clip = ClipBackbone.CreateRandom(config, 3, new() { Kernels = kernels });
            clip.MeasureKernels(56);
            return KernelMeasurement.Choices.Any(c => c.Key is { Kind: "linear", LogRows: 4 } && c.Key.Inputs == width); // 17 tokens
        }
    }

    [Fact]
    public void With_gradients_the_plain_operators_serve()
    {
        using var scope = torch.NewDisposeScope();
        using var plain = ClipBackbone.CreateRandom(Wide, 3, new() { Kernels = KernelChoice.Plain });
        using var measured = ClipBackbone.CreateRandom(Wide, 3);
        var gradients = new[] { plain, measured }.Select(clip =>
        {
            var x = FakeBackbone.Values(5, ScalarType.Float32, 1, 9, 128).requires_grad_();
            clip.Vision.RunBlocks(x, 0, 3, ForwardContext.Default).square().sum().backward();
            return x.grad!;
        }).ToList();
        TensorAssert.Close(gradients[0], gradients[1], 0);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Eight_callers_at_once_get_equal_results(ScalarType precision)
    {
        using var clip = ClipBackbone.CreateRandom(Wide, 3, new() { Precision = precision });
        byte[] Run(int images)
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            return Vision(clip, images).bytes.ToArray();
        }

        var expected = new[] { Run(1), Run(2) };
        var all = Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(8)
            .SelectMany(t => Enumerable.Range(0, 10).Select(i => (Images: (t + i) % 2, Result: Run(1 + ((t + i) % 2))))).ToList();
        Assert.All(all, r => Assert.Equal(expected[r.Images], r.Result));
    }

    [Fact]
    public void Live_tensors_stay_flat_and_go_with_the_model()
    {
        using (var warm = ClipBackbone.CreateRandom(Wide, 3))
        {
            Use(warm);
        }

        long before = LiveTensors.Settle();
        using (var clip = ClipBackbone.CreateRandom(Wide, 3))
        {
            Use(clip);
            long once = torch.Tensor.TotalCount;
            Use(clip);
            Assert.Equal(once, torch.Tensor.TotalCount);
        }

        Assert.Equal(before, LiveTensors.Settle());

        static void Use(ClipBackbone clip)
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            Vision(clip, 1);
            Text(clip);
        }
    }

    private static Tensor Vision(ClipBackbone clip, int images)
    {
        using var x = FakeBackbone.Values(4, ScalarType.Float32, images, 3, 98, 70);
        return clip.Vision.RunBlocks(clip.Vision.Embed(x), 0, 3, ForwardContext.Default);
    }

    private static Tensor Text(ClipBackbone clip)
    {
        var ids = torch.arange(40, ScalarType.Int64).view(2, 20);
        return clip.Text.RunBlocks(clip.Text.AddPositions(clip.Text.EmbedTokens(ids)), 0, 2, ForwardContext.Default);
    }
}
