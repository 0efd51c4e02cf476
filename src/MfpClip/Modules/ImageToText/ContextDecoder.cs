using MfpClip.Tensors;

namespace MfpClip.Modules.ImageToText;

/// <summary>
/// DenseCLIP's context decoder (its authors' models.py, ContextDecoder): queries attend to each other and to the image's tokens, pre-norm,
/// in a narrower width. Its dropout is left out: training here is deterministic.
/// </summary>
internal sealed class ContextDecoder
{
    private readonly ModuleWeights _weights;
    private readonly int _layers;
    private readonly int _heads;
    private readonly int _width;

    /// <param name="weights">Takes the decoder's tensors.</param>
    /// <param name="start">Initialization.</param>
    /// <param name="prefix">Prefix of the module in checkpoints.</param>
    /// <param name="options">Width, heads, layers.</param>
    /// <param name="memoryWidth">C, width of the image's tokens.</param>
    /// <param name="queryWidth">Width of queries and result.</param>
    public ContextDecoder(ModuleWeights weights, ParameterInitializer start, string prefix, LearnedContextOptions options, int memoryWidth, int queryWidth)
    {
        (_weights, _layers, _heads, _width) = (weights, options.DecoderLayers, options.DecoderHeads, options.DecoderWidth);
        Norm("memory.norm_in", memoryWidth);
        weights.AddLinear(start, prefix, "decoder.memory.proj", memoryWidth, _width);
        Norm("memory.norm_out", _width);
        Norm("query.norm", queryWidth);
        weights.AddLinear(start, prefix, "decoder.query.proj", queryWidth, _width);
        for (var l = 1; l <= _layers; l++)
        {
            foreach (string attention in new[] { "self", "cross" })
            {
                Norm($"layer{l}.{attention}.norm", _width);
                foreach (string part in new[] { "q", "k", "v" })
                {
                    string name = $"decoder.layer{l}.{attention}.{part}.weight"; // no bias, as in the authors' code
                    weights.Add(name, start.Uniform($"{prefix}.{name}", _width, _width, _width));
                }

                weights.AddLinear(start, prefix, $"decoder.layer{l}.{attention}.out", _width, _width);
            }

            Norm($"layer{l}.mlp.norm", _width);
            weights.AddLinear(start, prefix, $"decoder.layer{l}.mlp.hidden", _width, 4L * _width);
            weights.AddLinear(start, prefix, $"decoder.layer{l}.mlp.out", 4L * _width, _width);
        }

        Norm("out.norm", _width);
        weights.AddLinear(start, prefix, "decoder.out.proj", _width, queryWidth);

        void Norm(string name, long width)
        {
            weights.Add($"decoder.{name}.weight", torch.ones(width, dtype: ScalarType.Float32));
            weights.Add($"decoder.{name}.bias", torch.zeros(width, dtype: ScalarType.Float32));
        }
    }

    /// <summary>The image's tokens <c>[B, T, C]</c> as the decoder reads them, <c>[B, T, w]</c>.</summary>
    public Tensor Memory(Tensor tokens)
    {
        using var scope = torch.NewDisposeScope();
        return Normalize("memory.norm_out", _weights.Linear("decoder.memory.proj", Normalize("memory.norm_in", tokens))).MoveToOuterDisposeScope();
    }

    /// <summary>What the queries <c>[B, n, q]</c> find in the memory, <c>[B, n, q]</c>.</summary>
    public Tensor Read(Tensor queries, Tensor memory)
    {
        using var scope = torch.NewDisposeScope();
        var x = _weights.Linear("decoder.query.proj", Normalize("query.norm", queries));
        for (var l = 1; l <= _layers; l++)
        {
            var own = Normalize($"layer{l}.self.norm", x);
            x = x + Attend($"layer{l}.self", own, own);
            x = x + Attend($"layer{l}.cross", Normalize($"layer{l}.cross.norm", x), memory);
            x = x + _weights.Linear($"decoder.layer{l}.mlp.out", F.gelu(_weights.Linear($"decoder.layer{l}.mlp.hidden", Normalize($"layer{l}.mlp.norm", x))));
        }

        return _weights.Linear("decoder.out.proj", Normalize("out.norm", x)).MoveToOuterDisposeScope();
    }

    /// <summary>Width, heads and layers, for descriptions.</summary>
    public KeyValuePair<string, string> Describe() => new("decoder", FormattableString.Invariant($"{_layers} layers of width {_width}, {_heads} heads"));

    private Tensor Attend(string name, Tensor queries, Tensor memory)
    {
        using var scope = torch.NewDisposeScope();
        var attended = F.scaled_dot_product_attention(Split("q", queries), Split("k", memory), Split("v", memory)); // [B, heads, n, w / heads]
        return _weights.Linear($"decoder.{name}.out", attended.transpose(1, 2).reshape(queries.shape[0], queries.shape[1], _width)).MoveToOuterDisposeScope();

        Tensor Split(string part, Tensor x) => F.linear(x, _weights[$"decoder.{name}.{part}.weight"])
            .view(x.shape[0], x.shape[1], _heads, _width / _heads).transpose(1, 2);
    }

    private Tensor Normalize(string name, Tensor x) =>
        F.layer_norm(x, [x.shape[^1]], _weights[$"decoder.{name}.weight"], _weights[$"decoder.{name}.bias"], 1e-5);
}
