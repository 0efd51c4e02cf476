using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Methods.Mfp;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Scoring;
using MfpClip.Pipeline;
using MfpClip.Text;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// The hybrid CLIP and the MFP-CLIP modules as they are trained together: the detector's own pipeline, run on cached features, with SP and
/// I2TP or without. Owns the modules; backbone and CNN are the caller's.
/// </summary>
internal sealed class PretrainingModel : IDisposable
{
    private const int StageCount = 4;

    private readonly HybridBackbone _backbone;
    private readonly IImageToTextPrompt _imageToText;
    private readonly IPerImageSentences _perImage;
    private readonly PipelineParts _parts;
    private readonly ModulePipeline _whole;
    private readonly ModulePipeline _withoutSelf;

    public PretrainingModel(HybridBackbone backbone, ICnnFeatureExtractor cnn, long seed)
    {
        _backbone = backbone;
        var dimensions = ModuleDimensions.Of(backbone, cnn, StageCount, null);
        _imageToText = MfpClipParts.CreateImageToTextPrompt(dimensions, HybridMfpClip.ImageToText with { Seed = seed });
        _perImage = _imageToText.GetService<IPerImageSentences>() ?? throw new InvalidOperationException(
            "This variant of I2TP takes no sentences of single images.");
        _parts = new()
        {
            Backbone = backbone, Cnn = cnn, ImageToText = _imageToText,
            Self = MfpClipParts.CreateSelfPrompt(dimensions, HybridMfpClip.Self with { Seed = seed }),
            MultiPatch = MfpClipParts.CreateMultiPatch(dimensions, HybridMfpClip.MultiPatch with { Seed = seed }),
            Mask = MfpClipParts.CreateMaskPrompt(dimensions, HybridMfpClip.Mask with { Seed = seed }),
            Map = MfpClipParts.CreateAnomalyMap(Map), Score = MfpClipParts.CreateAnomalyScore(HybridMfpClip.Score),
            Stages = StagePlan.Even(backbone.Vision.Layers, StageCount),
        };
        foreach (var module in _parts.Modules)
        {
            module.To(backbone.Vision.Device);
        }

        (_whole, _withoutSelf) = (new(_parts), new(_parts with { Self = MfpClipParts.CreateNoSelfPrompt() }));
    }

    /// <summary>The map that losses are taken on: softmax on each cell of stride 4, not smoothed. Detectors upsample last, which is faster.</summary>
    public static AnomalyMapOptions Map { get; } = HybridMfpClip.Map with { Upsampling = MapUpsampling.BeforeSoftmax, SmoothingSigma = 0 };

    /// <summary>Trained tensors of the modules, by their name in checkpoints.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> ModuleWeights => _parts.TrainedWeights;

    /// <summary>Logarithm of the factor of image-text cosines.</summary>
    public Tensor LogitScale => _backbone.TrainedWeights.Single(w => w.Key == "logit_scale").Value;

    /// <summary>Everything that is trained, by name: the backbone's own tensors and the modules'.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Trained =>
    [
        .. _backbone.TrainedWeights.Select(p => new KeyValuePair<string, Tensor>($"backbone.{p.Key}", p.Value)),
        .. ModuleWeights.Select(p => new KeyValuePair<string, Tensor>($"modules.{p.Key}", p.Value)),
    ];

    /// <summary>A batch of cached features for one forward pass.</summary>
    public ImageContext Image(ImageFeatures features, ForwardContext context) => ImageContext.FromFeatures(_backbone, features, _parts.Stages, context);

    /// <summary>The pipeline's forward pass.</summary>
    /// <param name="image">From <see cref="Image"/>.</param>
    /// <param name="t">Texts of each image, <c>[B or 1, 2, C]</c>.</param>
    /// <param name="selfPrompt">Whether SP takes part.</param>
    /// <param name="size">Side of the maps.</param>
    /// <param name="stageMaps">Whether the map of each stage alone is wanted.</param>
    public PipelineOutput Forward(ImageContext image, Tensor t, bool selfPrompt, int size, bool stageMaps = false) =>
        (selfPrompt ? _whole : _withoutSelf).Forward(image, null, t, stageMaps: stageMaps, mapSize: (size, size));

    /// <summary>Texts of images that have a sentence of their own for each state.</summary>
    /// <param name="states">Token ids with start and end, for each image.</param>
    /// <param name="image">The images, where I2TP takes part; <see langword="null"/>: without.</param>
    /// <param name="context">What it runs under.</param>
    /// <returns>t, normalised <c>[B, 2, C]</c>.</returns>
    public Tensor EmbedStates(IReadOnlyList<(int[] Normal, int[] Abnormal)> states, ImageContext? image, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var all = Ids([.. states.Select(s => s.Normal), .. states.Select(s => s.Abnormal)]); // [2 B, L]
        return (image is null
            ? torch.stack(Normalized(all, context).chunk(2, 0), 1)
            : _perImage.EmbedEach(_backbone.Text, all.narrow(0, 0, states.Count), all.narrow(0, states.Count, states.Count), image))
                .MoveToOuterDisposeScope();
    }

    /// <summary>Texts of images of one class over the ensemble of sentences that detectors use.</summary>
    /// <param name="className">Words in the sentences.</param>
    /// <param name="image">The images, where I2TP takes part; <see langword="null"/>: without.</param>
    /// <param name="context">What it runs under.</param>
    /// <returns>t, normalised <c>[B or 1, 2, C]</c>.</returns>
    public Tensor EmbedEnsemble(string className, ImageContext? image, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var (normal, abnormal) = HybridMfpClip.Templates.Expand(className);
        var tokenizer = ClipTokenizer.Default;
        var ids = Ids([.. normal.Concat(abnormal).Select(s => (int[])[tokenizer.StartId, .. tokenizer.Encode(s), tokenizer.EndId])]);
        using var states = StateSentenceEncoder.Encode(
            _backbone.Text, className, ids.narrow(0, 0, normal.Count), ids.narrow(0, normal.Count, abnormal.Count), context);
        return (image is null ? states.Embeddings.unsqueeze(0) : _imageToText.EmbedStates(_backbone.Text, states, image, context)).alias()
            .MoveToOuterDisposeScope();
    }

    /// <summary>Captions, normalised <c>[S, C]</c>.</summary>
    /// <param name="captions">Token ids with start and end.</param>
    /// <param name="context">What it runs under.</param>
    public Tensor EmbedCaptions(IReadOnlyList<int[]> captions, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        return Normalized(Ids(captions), context).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var module in _parts.Modules)
        {
            module.Dispose();
        }
    }

    private Tensor Normalized(Tensor ids, ForwardContext context) =>
        torch.nn.functional.normalize(StateSentenceEncoder.EmbedEach(_backbone.Text, ids, context), p: 2, dim: -1);

    // int64 [S, L], as long as the longest.
    private static Tensor Ids(IReadOnlyList<int[]> sentences)
    {
        int length = sentences.Max(s => s.Length);
        long[] ids = new long[sentences.Count * length];
        for (int s = 0; s < sentences.Count; s++)
        {
            sentences[s].Select(i => (long)i).ToArray().CopyTo(ids, s * length);
        }

        return torch.tensor(ids, [sentences.Count, length]);
    }
}
