using MfpClip.Backbones;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Objectives;
using MfpClip.Pipeline;
using TorchSharp;
using static TorchSharp.torch;

namespace MfpClip.CustomMethod;

/// <summary>The probe's forward pass, and how it is trained.</summary>
internal sealed class LinearProbePass : IDetectionPass, ITrainableMethod
{
    public const string ScaleName = "probe.scale", BiasName = "probe.bias";

    private readonly LinearProbeOptions _options;
    private readonly IClipBackbone _backbone;
    private readonly TextCache _texts;
    private readonly Tensor _scale; // []
    private readonly Tensor _bias; // [2]: normal, abnormal

    public LinearProbePass(LinearProbeOptions options, MethodContext context)
    {
        (_options, _backbone) = (options, context.RequireClip());
        _texts = new(context.Tokenizer, options.Templates, _backbone.Text);
        _scale = tensor((float)options.Scale, device: Device).DetachFromDisposeScope();
        _bias = zeros(2, device: Device).DetachFromDisposeScope();
        Stages = [_backbone.Describe(), new() { Id = "probe", Implementation = "linear-probe", Stage = "probe", Component = "cosine, scale and bias" }];
    }

    public string Method => LinearProbeMethod.About.FullName;

    public string Name => Method;

    public IReadOnlyList<StageDescription> Stages { get; }

    public Device Device => _backbone.Vision.Device;

    public ScalarType Precision => _backbone.Vision.Precision;

    public ITrainableMethod Trainable => this;

    public TrainingRecipe Recipe => _options.Recipe;

    public IReadOnlyList<KeyValuePair<string, Tensor>> TrainedWeights => [new(ScaleName, _scale), new(BiasName, _bias)];

    public IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights => _backbone.GetService<IFrozenNetwork>()?.FrozenWeights ?? [];

    public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var map = Map(images, className, context);
        map = region is null ? map : map * region.to(Device);
        return (map.MoveToOuterDisposeScope(), Score(map).MoveToOuterDisposeScope());
    }

    // Binary cross entropy on the map where there is a mask, and on the score.
    public TrainingLoss Loss(TrainingBatch batch, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var sums = new TermSums();
        for (int i = 0; i < batch.Count; i++)
        {
            var one = batch.Take([i]);
            var map = Map(one.Images, one.ClassNames[0], context);
            double fraction = 1.0 / batch.Count;
            if (one.HasMask[0])
            {
                sums.Add("map", nn.functional.binary_cross_entropy(map.clamp(1e-6, 1 - 1e-6), one.Masks.to(Device)), fraction);
            }

            sums.Add("score", nn.functional.binary_cross_entropy(Score(map).clamp(1e-6, 1 - 1e-6), one.Labels.to(Device)), fraction);
        }

        return sums.Finish();
    }

    public void WeightsChanged()
    {
        // Nothing is kept that depends on the scale or the bias.
    }

    public void Dispose()
    {
        _texts.Dispose();
        _scale.Dispose();
        _bias.Dispose();
        _backbone.Dispose();
    }

    private Tensor Map(ImageBatch images, string className, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        int rows = images.Height / _backbone.Vision.PatchSize, columns = images.Width / _backbone.Vision.PatchSize;
        var tokens = _backbone.Vision.Embed(images.Normalized(_backbone.Normalization, Device)); // [B, 1 + N, D]
        var last = _backbone.Vision.RunBlocks(tokens, 0, _backbone.Vision.Layers, context);
        context.CancellationToken.ThrowIfCancellationRequested();
        context.Trace?.Finish("vision tower");
        var patches = last.narrow(1, 1, (long)rows * columns);
        context.Trace?.KeepGrid(patches, rows, columns); // what references store
        var z = nn.functional.normalize(_backbone.Vision.Project(patches).to_type(ScalarType.Float32), dim: -1); // [B, N, C]
        var map = _texts.WithSentences(className, context, states =>
        {
            var cosine = matmul(z, states.Embeddings.to(Device).t()); // [B, N, 2]
            var p = ((_scale * cosine) + _bias).softmax(-1).select(-1, 1).view(images.Count, 1, rows, columns);
            return nn.functional.interpolate(p, [images.Height, images.Width], mode: InterpolationMode.Bilinear, align_corners: false).squeeze(1);
        });
        context.Trace?.Finish("probe");
        return map.MoveToOuterDisposeScope();
    }

    private Tensor Score(Tensor map)
    {
        int k = Math.Max(1, (int)Math.Round(map.shape[1] * map.shape[2] * _options.TopFraction));
        return map.flatten(1).topk(k, dim: 1).values.mean([1]);
    }
}
