using MfpClip.Data.Procedural;
using MfpClip.Kernels;
using MfpClip.Tests.Backbones;

namespace MfpClip.Tests.Kernels;

/// <summary>Every kernel against the formula in double precision, from the same rounded inputs.</summary>
public class KernelTests
{
    public static TheoryData<int, int, int, int, bool> Attentions
    {
        get
        {
            // Images, heads, depth, tokens: below, at and above the sizes of blocks, vectors and panels.
            var data = new TheoryData<int, int, int, int, bool>();
            foreach (var (images, heads, depth, tokens) in new[]
            {
                (1, 1, 16, 1), (2, 3, 16, 5), (1, 2, 32, 12), (1, 2, 64, 13), (3, 1, 64, 31), (1, 4, 64, 33), (2, 2, 80, 77), (1, 1, 128, 97), (1, 5, 64, 257),
            })
            {
                data.Add(images, heads, depth, tokens, false);
                data.Add(images, heads, depth, tokens, true);
            }

            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Attentions))]
    public void Blocked_attention_is_attention(int images, int heads, int depth, int tokens, bool causal)
    {
        Skip.IfNot(VectorMath.IsSupported, "This processor has no AVX-512; libtorch's attention serves.");
        foreach (var (type, tolerance) in new[] { (ScalarType.Float32, 1e-5), (ScalarType.BFloat16, 2e-2) })
        {
            using var scope = torch.NewDisposeScope();
            var qkv = (FakeBackbone.Values(1, ScalarType.Float64, images, tokens, 3 * heads * depth) * 3).to_type(type);
            Assert.True(BlockedAttention.Instance.Serves(qkv, heads));

            var actual = BlockedAttention.Instance.Attend(qkv, heads, causal);

            Assert.Equal(type, actual.dtype);
            TensorAssert.Close(Attention(qkv, heads, causal), actual.to_type(ScalarType.Float64), tolerance);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Attentions))]
    public void Attention_of_bfloat16_products_is_attention(int images, int heads, int depth, int tokens, bool causal)
    {
        Skip.IfNot(TileProducts.IsAvailable, "This processor or libtorch has no bfloat16 products of tiles; float32 products serve.");
        using var scope = torch.NewDisposeScope();
        var qkv = (FakeBackbone.Values(1, ScalarType.Float64, images, tokens, 3 * heads * depth) * 3).to_type(ScalarType.BFloat16);
        if (BFloat16Attention.Instance.Serves(qkv, heads))
        {
            // Rows of weights sum to 1, so the rounding of weights and result is that of the largest value at most.
            double tolerance = 1.0 / 128 * Double(qkv).abs().max().item<double>();
            TensorAssert.Close(Attention(qkv, heads, causal), Double(BFloat16Attention.Instance.Attend(qkv, heads, causal)), tolerance);
        }
        else
        {
            Assert.NotEqual(0, depth % 32);
        }
    }

    [SkippableFact]
    public void Attention_of_bfloat16_products_stands_large_scores_and_tells_what_is_no_number()
    {
        Skip.IfNot(TileProducts.IsAvailable, "This processor or libtorch has no bfloat16 products of tiles.");
        using var scope = torch.NewDisposeScope();
        var qkv = (FakeBackbone.Values(1, ScalarType.Float64, 1, 50, 3 * 64) * 100).to_type(ScalarType.BFloat16);
        TensorAssert.Close(Attention(qkv, 1, false), Double(BFloat16Attention.Instance.Attend(qkv, 1, false)), 1.0 / 128 * Double(qkv).abs()
            .max().item<double>());
        qkv[0, 7, 3] = float.NaN;
        var row = BFloat16Attention.Instance.Attend(qkv, 1, false).isnan().any(-1);
        Assert.True(row[0, 7].item<bool>());
        Assert.Equal(1, row.sum().item<long>());
    }

    [SkippableFact]
    public void Blocked_attention_stands_scores_that_overflow_an_exponential()
    {
        Skip.IfNot(VectorMath.IsSupported, "This processor has no AVX-512.");
        using var scope = torch.NewDisposeScope();
        var qkv = (FakeBackbone.Values(1, ScalarType.Float64, 1, 50, 3 * 64) * 100).to_type(ScalarType.Float32);
        TensorAssert.Close(Attention(qkv, 1, false), BlockedAttention.Instance.Attend(qkv, 1, false).to_type(ScalarType.Float64), 1e-2);
        qkv[0, 7, 3] = float.NaN;
        var row = BlockedAttention.Instance.Attend(qkv, 1, false).isnan().any(-1);
        Assert.True(row[0, 7].item<bool>());
        Assert.Equal(1, row.sum().item<long>());
    }

    [Theory]
    [InlineData(1, 1, 16, 16)]
    [InlineData(2, 7, 24, 40)]
    [InlineData(1, 130, 96, 33)]
    [InlineData(1, 8, 512, 128)]
    [InlineData(3, 25, 700, 200)]
    [InlineData(1, 77, 1100, 384)]
    public void Every_linear_kernel_is_a_linear_layer(int images, int tokens, int inputs, int outputs)
    {
        // Roundings of a sum add up like a random walk: 6e-8 each.
        foreach (var (type, tolerance) in new[] { (ScalarType.Float32, Math.Max(1e-6, 6e-8 * Math.Sqrt(inputs))), (ScalarType.BFloat16, 1.0 / 128) })
        {
            using var scope = torch.NewDisposeScope();
            var x = FakeBackbone.Values(1, type, images, tokens, inputs);
            using var layer = new LinearLayer(FakeBackbone.Values(2, type, outputs, inputs), FakeBackbone.Values(3, type, outputs));
            var expected = torch.matmul(Double(x), Double(layer.Weight).t()) + Double(layer.Bias);
            foreach (ILinearKernel kernel in new ILinearKernel[]
            {
                TorchLinear.Instance, ConvolutionLinear.Instance, PackedLinear.Instance, PanelLinear.Instance,
            })
            {
                if (kernel.Serves(x))
                {
                    var actual = kernel.Apply(x, layer);
                    Assert.Equal([images, tokens, outputs], actual.shape);
                    Assert.True(actual.is_contiguous());
                    TensorAssert.Close(expected, Double(actual), tolerance * expected.abs().max().item<double>());
                    if (kernel is IPackedLinearKernel packed)
                    {
                        Assert.True(packed.Unpack(packed.Pack(layer, images * tokens), outputs, inputs, type).eq(layer.Weight).all().item<bool>());
                    }
                }
            }
        }
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 2e-6)]
    [InlineData(ScalarType.BFloat16, 3e-2)]
    public void QuickGelu_in_place_is_QuickGelu(ScalarType type, double tolerance)
    {
        Skip.IfNot(VectorMath.IsSupported, "This processor has no AVX-512.");
        foreach (int count in new[] { 1, 15, 16, 33, 70001 })
        {
            using var scope = torch.NewDisposeScope();
            var x = (FakeBackbone.Values(1, ScalarType.Float64, count) * 9).to_type(type);
            x[0] = 200; // beyond every exponential
            var expected = Double(x) * torch.sigmoid(1.702 * Double(x));
            var actual = InPlaceQuickGelu.Instance.Apply(x, MlpActivation.QuickGelu);
            TensorAssert.Close(expected, Double(actual), tolerance);
            x.fill_(-200);
            Assert.Equal(0, InPlaceQuickGelu.Instance.Apply(x, MlpActivation.QuickGelu).abs().max().to_type(ScalarType.Float32).item<float>());
        }
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 5e-6)]
    [InlineData(ScalarType.BFloat16, 2e-2)]
    public void The_residual_stream_sums_in_single_precision_and_normalises(ScalarType type, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        var (x, a, b) = (FakeBackbone.Values(1, type, 2, 37, 48), FakeBackbone.Values(2, type, 2, 37, 48), FakeBackbone.Values(3, type, 2, 37, 48));
        var (w, c) = (FakeBackbone.Values(4, type, 48), FakeBackbone.Values(5, type, 48));
        Skip.IfNot(ResidualStream.Serves(x), "This processor has no AVX-512.");
        var expected = Double(x) + Double(a);
        var normed = F.layer_norm(expected, [48], Double(w), Double(c), 1e-5);
        var sum = expected + Double(b);
        using var stream = new ResidualStream(x, 1e-5);
        TensorAssert.Close(F.layer_norm(Double(x), [48], Double(w), Double(c), 1e-5), Double(stream.AddNormalize(null, w, c)), tolerance);
        TensorAssert.Close(normed, Double(stream.AddNormalize(a, w, c)), tolerance);
        var result = stream.Finish(b);
        Assert.Equal(type, result.dtype);
        TensorAssert.Close(sum, Double(result), tolerance);
    }

    private static Tensor Double(Tensor x) => x.to_type(ScalarType.Float64);

    private static Tensor Attention(Tensor qkv, int heads, bool causal)
    {
        var (B, T, D) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3);
        var split = Double(qkv).view(B, T, 3, heads, D / heads).permute(2, 0, 3, 1, 4);
        var scores = torch.matmul(split[0], split[1].transpose(-1, -2)) / Math.Sqrt(D / (double)heads);
        if (causal)
        {
            scores = scores.masked_fill(torch.ones(T, T, ScalarType.Bool).triu(1), double.NegativeInfinity);
        }

        return torch.matmul(scores.softmax(-1), split[2]).transpose(1, 2).reshape(B, T, D);
    }
}
