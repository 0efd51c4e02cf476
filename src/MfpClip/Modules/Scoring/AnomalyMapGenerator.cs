using MfpClip.Execution;

namespace MfpClip.Modules.Scoring;

/// <summary>
/// The anomaly map (docs/method.md section 5): <c>A_i = softmax_s(tau cos(Z_i, t_s))</c>, logits upsampled bilinearly to H x W before the softmax,
/// mean over the stages. tau is reconstructed. The options make it the map of the compared methods.
/// </summary>
internal sealed class AnomalyMapGenerator : WeightedModule, IAnomalyMapGenerator
{
    private readonly AnomalyMapOptions _options;
    private readonly Dictionary<(long Side, string Device), Tensor> _smoothing = []; // made once: on a GPU their upload would wait for all that is queued

    /// <exception cref="DetectorConfigurationException">The options are not valid.</exception>
    public AnomalyMapGenerator(AnomalyMapOptions options)
    {
        var faults = options.Faults().ToList();
        _options = faults.Count > 0 ? throw new DetectorConfigurationException(faults) : options;
    }

    /// <inheritdoc/>
    public override string CheckpointPrefix => "map";

    /// <inheritdoc/>
    public Tensor Map(IReadOnlyList<Tensor> Z, IReadOnlyList<Tensor> t, int height, int width, ForwardContext context)
    {
        if (Z.Count == 0 || Z.Count != t.Count)
        {
            throw new ArgumentException($"{Z.Count} stages of features and {t.Count} of texts: one text for each stage, at least one stage.", nameof(t));
        }

        if (context.Trace is { KeepsTensors: true } trace)
        {
            KeepLogits(trace, Z, t, height, width);
        }

        // A stage alone is what a loss asks for, whether it is in the map or not.
        if (_options.Stages.Count > 0 && Z.Count > 1)
        {
            if (_options.Stages.Max() > Z.Count)
            {
                throw new ArgumentException($"Stage {_options.Stages.Max()} is to be in the map, but there are {Z.Count}.", nameof(Z));
            }

            (Z, t) = ([.. _options.Stages.Order().Select(s => Z[s - 1])], [.. _options.Stages.Order().Select(s => t[s - 1])]);
        }

        if (_options is { Upsampling: MapUpsampling.BeforeSoftmax, Fusion: StageFusion.Mean or StageFusion.Sum } && FusedMap.Serves(Z, t))
        {
            return FusedMap.Map(Z, t, _options.Tau, _options.AlignCorners, height, width, _options.Fusion == StageFusion.Mean ? Z.Count : 1);
        }

        using var scope = torch.NewDisposeScope();
        Tensor? fused = null;
        // Means of upsampled maps are upsampled means: once instead of for every stage. With gradients as it was trained.
        bool last = _options is { Upsampling: MapUpsampling.AfterSoftmax, Fusion: StageFusion.Mean or StageFusion.Sum } && !torch.is_grad_enabled();
        for (var i = 0; i < Z.Count; i++)
        {
            using var stage = torch.NewDisposeScope();
            var a = last ? PatchLogits(Z[i], t[i]).softmax(1) : StageMap(Z[i], t[i], height, width);
            fused = (fused is null ? a : Fuse(fused, a)).MoveToOuterDisposeScope();
        }

        var map = Finish(fused!, Z.Count);
        return (map.shape[2] == height && map.shape[3] == width ? map : Upsample(map, height, width)).MoveToOuterDisposeScope();
    }

    /// <summary><c>tau cos(Z, t_s)</c> on the patch grid.</summary>
    /// <param name="z"><c>[B, C, g, g']</c>.</param>
    /// <param name="t">L2-normalised <c>[B, 2, C]</c> (B may be 1).</param>
    /// <returns><c>[B, 2, g, g']</c>.</returns>
    public Tensor PatchLogits(Tensor z, Tensor t) => Cosine(z, t, _options.Tau);

    /// <inheritdoc/>
    public double Maximum(int stages) => _options.Fusion != StageFusion.Sum ? 1 : _options.Stages.Count > 0 && stages > 1 ? _options.Stages.Count : stages;

    /// <inheritdoc/>
    public Tensor Smooth(Tensor map) => _options.SmoothingSigma == 0 ? map.alias()
        : FusedSmoothing.Serves(map) ? FusedSmoothing.Apply(map, _options.SmoothingSigma)
        : TensorSmoothing.Gaussian(map, Smoothing(map.shape[1], map.device), Smoothing(map.shape[2], map.device));

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        lock (_smoothing)
        {
            foreach (var weights in _smoothing.Values)
            {
                weights.Dispose();
            }

            _smoothing.Clear();
        }
    }

    /// <summary>Bilinear, with the corners where the options say so.</summary>
    public Tensor Upsample(Tensor x, int height, int width) =>
        F.interpolate(x, [height, width], mode: torch.InterpolationMode.Bilinear, align_corners: _options.AlignCorners);

    /// <summary>Scaled cosine of every cell with both states, <c>[B, 2, g, g']</c>.</summary>
    internal static Tensor Cosine(Tensor z, Tensor t, double tau)
    {
        using var scope = torch.NewDisposeScope();
        var patches = F.normalize(z.flatten(2), p: 2, dim: 1); // [B, C, N]
        var cosine = MatrixProduct.Of(t.to_type(patches.dtype), patches); // [B, 2, N]
        return (tau * cosine).view(z.shape[0], 2, z.shape[2], z.shape[3]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "anomaly map",
        Component = "cosine similarity and softmax",
        Options = new Dictionary<string, string>
        {
            ["smoothing"] = _options.SmoothingSigma == 0 ? "off" : Text($"Gaussian, sigma {_options.SmoothingSigma} px"),
            ["align corners"] = _options.AlignCorners ? "true" : "false",
            ["tau"] = Text($"{_options.Tau}"),
            ["upsampling"] = _options.Upsampling == MapUpsampling.BeforeSoftmax ? "bilinear, before softmax" : "bilinear, after softmax",
            ["stages"] = _options.Stages.Count == 0 ? "all" : string.Join(", ", _options.Stages.Order()),
            ["fusion"] = _options.Fusion switch
            {
                StageFusion.Mean => "mean",
                StageFusion.MeanOfLogits => "mean of logits",
                StageFusion.Sum => "sum",
                _ => "maximum",
            },
        },
    };

    // At map size, as the softmax reads them.
    private void KeepLogits(ForwardTrace trace, IReadOnlyList<Tensor> Z, IReadOnlyList<Tensor> t, int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        for (int i = 0; i < Z.Count; i++)
        {
            trace.Keep($"logits{i + 1}", Upsample(PatchLogits(Z[i], t[i]), height, width)); // [B, 2, H, W]
        }
    }

    private Tensor Smoothing(long side, Device device)
    {
        lock (_smoothing)
        {
            var key = (side, device.ToString());
            return _smoothing.TryGetValue(key, out var weights) ? weights
                : _smoothing[key] = TensorSmoothing.Weights(side, _options.SmoothingSigma, device).DetachFromDisposeScope();
        }
    }

    // What is fused: logits for MeanOfLogits, probabilities otherwise; at map size, or at patch size where upsampling comes last.
    private Tensor StageMap(Tensor z, Tensor t, int height, int width)
    {
        var logits = PatchLogits(z, t);
        var sized = _options.Upsampling == MapUpsampling.BeforeSoftmax ? Upsample(logits, height, width) : logits;
        var fusedAsLogits = _options.Fusion == StageFusion.MeanOfLogits;
        var value = fusedAsLogits ? sized : sized.softmax(1);
        return _options.Upsampling == MapUpsampling.AfterSoftmax && !fusedAsLogits ? Upsample(value, height, width) : value;
    }

    private Tensor Fuse(Tensor fused, Tensor next)
    {
        if (_options.Fusion != StageFusion.Maximum)
        {
            return fused + next;
        }

        var abnormal = torch.maximum(fused.narrow(1, 1, 1), next.narrow(1, 1, 1));
        return torch.cat([1 - abnormal, abnormal], 1);
    }

    private Tensor Finish(Tensor fused, int stages)
    {
        switch (_options.Fusion)
        {
            case StageFusion.Maximum or StageFusion.Sum:
                return fused;
            case StageFusion.Mean:
                return fused / stages;
            default:
                return (fused / stages).softmax(1);
        }
    }
}
