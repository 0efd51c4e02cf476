using MfpClip.Kernels;
using MfpClip.Tests.Backbones;

namespace MfpClip.Tests.Kernels;

/// <summary>The kernels of the default model against libtorch's operators in double precision.</summary>
public class FusedNetworkTests
{
    private const string NoAvx512 = "This processor has no AVX-512; libtorch's operators serve.";

    // Images, height, width, inputs, wide, outputs, kernel, stride, shortcut: sides that are odd, below and above the steps of rows and places.
    [SkippableTheory]
    [InlineData(1, 40, 40, 24, 144, 24, 3, 1, true)]
    [InlineData(2, 17, 23, 16, 96, 24, 3, 2, false)]
    [InlineData(1, 80, 7, 24, 144, 40, 5, 2, false)]
    [InlineData(5, 9, 11, 40, 240, 40, 5, 1, true)]
    [InlineData(1, 1, 3, 8, 48, 112, 5, 1, false)]
    [InlineData(1, 5, 5, 192, 32, 20, 3, 1, false)]
    public void A_fused_block_is_its_three_convolutions(
        int images, int height, int width, int inputs, int wide, int outputs, int kernel, int stride, bool shortcut)
    {
        Skip.IfNot(VectorMath.IsSupported, NoAvx512);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = Values(1, images, inputs, height, width) * 2;
        var (e, eb, d, db) = (Values(2, wide, inputs, 1, 1), Values(3, wide), Values(4, wide, 1, kernel, kernel), Values(5, wide));
        var (p, pb) = (Values(6, outputs, wide, 1, 1), Values(7, outputs));
        using var block = new InvertedResidual(Product(e, eb, true), new(Single(d), Single(db), stride, true), Product(p, pb, false), shortcut, false);

        var actual = block.Apply(Single(x));

        var middle = Depthwise(F.conv2d(x, e, eb).clamp(0, 6), d, db, stride).clamp(0, 6);
        var expected = F.conv2d(middle, p, pb) + (shortcut ? x : torch.zeros(1, dtype: ScalarType.Float64));
        TensorAssert.Close(expected, actual.to_type(ScalarType.Float64), 2e-4);
    }

    [SkippableTheory]
    [InlineData(1, 64, 64)]
    [InlineData(3, 31, 18)]
    public void The_first_block_reads_images_through_the_stem(int images, int height, int width)
    {
        Skip.IfNot(VectorMath.IsSupported, NoAvx512);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = Values(1, images, 3, height, width) * 2;
        var (s, sb, d, db) = (Values(2, 32, 3, 3, 3), Values(3, 32), Values(4, 32, 1, 3, 3), Values(5, 32));
        var (p, pb) = (Values(6, 16, 32, 1, 1), Values(7, 16));
        using var block = new InvertedResidual(Product(s, sb, true), new(Single(d), Single(db), 1, true), Product(p, pb, false), false, true);

        var actual = block.Apply(Single(x));

        var stem = F.conv2d(Padded(x, 3, 2), s, sb, [2, 2]).clamp(0, 6);
        TensorAssert.Close(F.conv2d(Depthwise(stem, d, db, 1).clamp(0, 6), p, pb), actual.to_type(ScalarType.Float64), 2e-4);
    }

    // Images, side of the grid, class and prompt tokens, heads, width: coarse grids whose cells overlap, and grids below the coarse one.
    [SkippableTheory]
    [InlineData(1, 20, 1, 3, 96)]
    [InlineData(3, 13, 4, 2, 64)]
    [InlineData(1, 5, 2, 1, 16)]
    [InlineData(5, 8, 1, 2, 32)]
    public void A_block_with_pooled_attention_is_its_operators(int images, int g, int others, int heads, int width)
    {
        Skip.IfNot(VectorMath.IsSupported, NoAvx512);
        const int Pooled = 8;
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var weights = new Dictionary<string, Tensor>();
        foreach (var (name, shape) in new (string, long[])[]
        {
            ("ln_1.weight", [width]), ("ln_1.bias", [width]), ("ln_2.weight", [width]), ("ln_2.bias", [width]), ("attn.q.weight", [width, width]),
            ("attn.q.bias", [width]), ("attn.kv.weight", [2 * width, width]), ("attn.kv.bias", [2 * width]), ("attn.out_proj.weight", [width, width]),
            ("attn.out_proj.bias", [width]), ("depthwise.weight", [width, 1, 5, 5]), ("depthwise.bias", [width]), ("mlp.c_fc.weight", [2 * width, width]),
            ("mlp.c_fc.bias", [2 * width]), ("mlp.c_proj.weight", [width, 2 * width]), ("mlp.c_proj.bias", [width]),
        })
        {
            weights[name] = Values(weights.Count, shape) / Math.Sqrt(shape.Length > 1 ? shape[1] : 1);
        }

        var x = Values(40, images, others + (g * g), width) * 3;
        Assert.True(PooledAttentionBlock.Serves(Single(x), heads, 2 * width));
        using var block = new PooledAttentionBlock(name => Single(weights[name]), heads, Pooled, 1e-5);

        var actual = block.Apply(Single(x), g);

        TensorAssert.Close(Block(x, g, heads, Pooled, weights), actual.to_type(ScalarType.Float64), 1e-4);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_embedding_is_its_operators(int images)
    {
        Skip.IfNot(VectorMath.IsSupported, NoAvx512);
        const int Width = 32;
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        Tensor[] maps = [Values(1, images, 24, 12, 12), Values(2, images, 40, 12, 12) * 3, Values(3, images, 19, 6, 6), Values(4, images, 8, 5, 5)];
        var statistics = maps.Select((m, i) => (Mean: Values(10 + i, m.shape[1]), Deviation: Values(20 + i, m.shape[1]).abs() + 0.3)).ToArray();
        var projections = maps.Select((m, i) => Values(30 + i, Width, 2 * m.shape[1], 1, 1)).ToArray();
        var (bias, token, positions, weight, shift) = (Values(50, Width), Values(51, Width), Values(52, 145, Width), Values(53, Width), Values(54, Width));
        using var embedding = new MapEmbedding(
            projections.Select(Single), Single(bias), Single(token), (Single(weight), Single(shift), 1e-5), (true, true), 1.5);

        var actual = embedding.Apply(
            [.. maps.Select(Single)], [.. statistics.Select(s => (Single(s.Mean), Single(s.Deviation)))], Single(positions));

        Tensor sum = torch.zeros(1, dtype: ScalarType.Float64);
        for (int i = 0; i < maps.Length; i++)
        {
            var deviation = statistics[i].Deviation.view(1, -1, 1, 1);
            var centred = maps[i] - maps[i].mean([2, 3], keepdim: true);
            var within = centred / (centred.square().mean([2, 3], keepdim: true) + (0.01 * deviation.square())).sqrt();
            var known = (maps[i] - statistics[i].Mean.view(1, -1, 1, 1)) / deviation;
            var projected = F.conv2d(torch.cat([known.clamp(-1.5, 1.5), within.clamp(-1.5, 1.5)], 1), projections[i]);
            sum = sum + F.interpolate(projected, [12, 12], mode: torch.InterpolationMode.Bilinear, align_corners: false);
        }

        var tokens = torch.cat([token.expand(images, 1, Width), sum.flatten(2).transpose(1, 2) + bias], 1) + positions;
        TensorAssert.Close(F.layer_norm(tokens, [Width], weight, shift, 1e-5), actual.to_type(ScalarType.Float64), 1e-4);
    }

    private static Tensor Block(Tensor x, int g, int heads, int pooled, Dictionary<string, Tensor> w)
    {
        var (B, T, D) = (x.shape[0], x.shape[1], x.shape[2]);
        long others = T - (g * g), side = Math.Min(pooled, g);
        var normed = F.layer_norm(x, [D], w["ln_1.weight"], w["ln_1.bias"], 1e-5);
        var grid = Grid(normed);
        var coarse = torch.cat([F.adaptive_avg_pool2d(grid, [side, side]).flatten(2), F.adaptive_max_pool2d(grid, [side, side]).flatten(2)], 2);
        var keys = torch.cat([normed.narrow(1, 0, others), coarse.transpose(1, 2)], 1);
        var q = Heads(F.linear(normed, w["attn.q.weight"], w["attn.q.bias"]));
        var kv = F.linear(keys, w["attn.kv.weight"], w["attn.kv.bias"]);
        var scores = q.matmul(Heads(kv.narrow(2, 0, D)).transpose(2, 3)) / Math.Sqrt((double)D / heads);
        var attended = scores.softmax(-1).matmul(Heads(kv.narrow(2, D, D))).transpose(1, 2).reshape(B, T, D);
        var y = x + F.linear(attended, w["attn.out_proj.weight"], w["attn.out_proj.bias"]);
        var mixed = F.conv2d(Grid(y), w["depthwise.weight"], w["depthwise.bias"], padding: [2, 2], groups: D).flatten(2).transpose(1, 2);
        var z = torch.cat([y.narrow(1, 0, others), y.narrow(1, others, g * g) + mixed], 1);
        var hidden = F.gelu(F.linear(F.layer_norm(z, [D], w["ln_2.weight"], w["ln_2.bias"], 1e-5), w["mlp.c_fc.weight"], w["mlp.c_fc.bias"]));
        return z + F.linear(hidden, w["mlp.c_proj.weight"], w["mlp.c_proj.bias"]);

        Tensor Grid(Tensor t) => t.narrow(1, others, g * g).transpose(1, 2).reshape(B, D, g, g);
        Tensor Heads(Tensor t) => t.view(B, t.shape[1], heads, D / heads).transpose(1, 2);
    }

    private static Tensor Values(int seed, params long[] shape) => FakeBackbone.Values(seed, ScalarType.Float64, shape);

    private static Tensor Single(Tensor x) => x.to_type(ScalarType.Float32);

    private static RowProduct Product(Tensor weight, Tensor bias, bool limited) => new(Single(weight), Single(bias), limited);

    private static Tensor Depthwise(Tensor x, Tensor weight, Tensor bias, int stride) =>
        F.conv2d(Padded(x, weight.shape[2], stride), weight, bias, [stride, stride], groups: weight.shape[0]);

    // TensorFlow's SAME.
    private static Tensor Padded(Tensor x, long kernel, int stride)
    {
        var (top, bottom) = Same(x.shape[2]);
        var (left, right) = Same(x.shape[3]);
        return F.pad(x, [left, right, top, bottom]);

        (long Before, long After) Same(long n)
        {
            long total = Math.Max(((((n + stride - 1) / stride) - 1) * stride) + kernel - n, 0);
            return (total / 2, total - (total / 2));
        }
    }
}
