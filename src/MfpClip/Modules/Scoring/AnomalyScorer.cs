namespace MfpClip.Modules.Scoring;

/// <summary>The image score (docs/method.md section 7, reconstructed): <c>S_g = softmax_s(tau cos(v, t_s))</c> and <c>S = (S_g + max(M)) / 2</c>.</summary>
internal sealed class AnomalyScorer : WeightedModule, IAnomalyScorer
{
    private readonly AnomalyScoreOptions _options;

    /// <exception cref="DetectorConfigurationException">The options are not valid.</exception>
    public AnomalyScorer(AnomalyScoreOptions options)
    {
        var faults = options.Faults().ToList();
        _options = faults.Count > 0 ? throw new DetectorConfigurationException(faults) : options;
    }

    /// <inheritdoc/>
    public override string CheckpointPrefix => "score";

    /// <inheritdoc/>
    public ImageScore Score(ScoreContext context)
    {
        using var scope = torch.NewDisposeScope();
        var map = context.Map;
        if (_options.Strategy is ScoreStrategy.MapMaximum or ScoreStrategy.TopMean)
        {
            return new((_options.Strategy == ScoreStrategy.TopMean ? TopMean(map) : Maximum(map)).MoveToOuterDisposeScope());
        }

        var logits = Logits(context.ClassEmbedding, context.Texts); // [B, 2]
        var global = logits.softmax(-1).select(1, 1); // S_g, [B]
        context.Context.Trace?.Keep("S_global", global);
        var s = _options.Strategy switch
        {
            ScoreStrategy.Global => global,
            ScoreStrategy.HalfAndHalfOfTop => (global + TopMean(map)) / 2,
            _ => (global + Maximum(map)) / 2,
        };
        return new(s.MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope());
    }

    /// <summary><c>tau cos(v, t_s)</c>.</summary>
    /// <param name="v"><c>[B, C]</c>.</param>
    /// <param name="t"><c>[B, 2, C]</c> (B may be 1).</param>
    /// <returns><c>[B, 2]</c>.</returns>
    public Tensor Logits(Tensor v, Tensor t)
    {
        using var scope = torch.NewDisposeScope();
        return (_options.Tau * (v.unsqueeze(1) * t.to_type(v.dtype)).sum(-1)).MoveToOuterDisposeScope();
    }

    /// <summary>S_g, the class token's score.</summary>
    /// <param name="v"><c>[B, C]</c>.</param>
    /// <param name="t"><c>[B, 2, C]</c> (B may be 1).</param>
    /// <returns><c>[B]</c>.</returns>
    public Tensor Global(Tensor v, Tensor t)
    {
        using var scope = torch.NewDisposeScope();
        return Logits(v, t).softmax(-1).select(1, 1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "anomaly score",
        Component = _options.Strategy switch
        {
            ScoreStrategy.Global => "class token",
            ScoreStrategy.MapMaximum => "map maximum",
            ScoreStrategy.TopMean => "mean of the map's highest values",
            ScoreStrategy.HalfAndHalfOfTop => "mean of class token and of the map's highest values",
            _ => "mean of class token and map maximum",
        },
        Options = Options(),
    };

    private static Tensor Maximum(Tensor map) => map.flatten(1).amax([1]);

    private Tensor TopMean(Tensor map)
    {
        var values = map.flatten(1); // [B, H W]
        var k = Math.Max(1, (int)Math.Round(values.shape[1] * _options.TopPercent / 100));
        if (!torch.is_grad_enabled() && values.device.type == DeviceType.CPU && values.dtype == ScalarType.Float32)
        {
            var means = new float[values.shape[0]];
            var all = values.contiguous();
            var pixels = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(all.bytes);
            for (int i = 0; i < means.Length; i++)
            {
                means[i] = TopValues.Mean(pixels.Slice(i * (int)all.shape[1], (int)all.shape[1]), k);
            }

            return torch.tensor(means);
        }

        return values.topk(k, dim: 1).values.mean([1]);
    }

    private Dictionary<string, string> Options()
    {
        var options = new Dictionary<string, string>();
        if (_options.Strategy is ScoreStrategy.HalfAndHalf or ScoreStrategy.HalfAndHalfOfTop or ScoreStrategy.Global)
        {
            options["tau"] = Text($"{_options.Tau}");
        }

        if (_options.Strategy is ScoreStrategy.TopMean or ScoreStrategy.HalfAndHalfOfTop)
        {
            options["share"] = Text($"{_options.TopPercent} %");
        }

        return options;
    }
}
