using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Execution;
using MfpClip.Methods.Mfp;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Pipeline;
using MfpClip.Tensors;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// The hybrid CLIP and the MFP-CLIP modules as they are trained together: the detector's own modules, run on cached features. Owns the
/// modules; the backbone is the caller's.
/// </summary>
internal sealed class PretrainingModel : IDisposable
{
    private readonly HybridBackbone _backbone;
    private readonly PrependImageToTextPrompt _imageToText;
    private readonly ISelfPrompt _self;
    private readonly MultiPatchAggregator _multiPatch;
    private readonly IMaskPrompt _mask;
    private readonly AnomalyMapGenerator _map = new(HybridComposition.Map);
    private readonly StagePlan _stages;

    public PretrainingModel(HybridBackbone backbone, EfficientNetLiteFeatureExtractor cnn, long seed)
    {
        _backbone = backbone;
        var dimensions = ModuleDimensions.Of(backbone, cnn, StageCount, null);
        _stages = StagePlan.Even(backbone.Vision.Layers, StageCount);
        _imageToText = (PrependImageToTextPrompt)ImageToTextPrompt.Create(HybridComposition.ImageToText with { Seed = seed }, dimensions);
        _self = SelfPrompt.Create(HybridComposition.Self with { Seed = seed }, dimensions);
        _multiPatch = MultiPatchAggregator.Create(HybridComposition.MultiPatch with { Seed = seed }, dimensions);
        _mask = MaskPrompt.Create(HybridComposition.Mask with { Seed = seed }, dimensions);
        foreach (var module in Modules)
        {
            module.Value.To(backbone.Vision.Device);
        }
    }

    private const int StageCount = 4;

    /// <summary>Modules by their prefix in checkpoints.</summary>
    public IReadOnlyList<KeyValuePair<string, IDetectorModule>> Modules =>
        [.. new IDetectorModule[] { _imageToText, _self, _multiPatch, _mask }
            .Select(m => new KeyValuePair<string, IDetectorModule>(((WeightedModule)m).CheckpointPrefix, m))];

    /// <summary>Everything that is trained, by name: the backbone's own tensors but its statistics, and the modules'.</summary>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Trained =>
    [
        .. _backbone.Parameters.Ordered.Where(p => !p.Key.StartsWith("visual.stats.", StringComparison.Ordinal))
            .Select(p => new KeyValuePair<string, Tensor>($"backbone.{p.Key}", p.Value)),
        .. ModuleCheckpoint.Collect(Modules).Select(p => new KeyValuePair<string, Tensor>($"modules.{p.Key}", p.Value)),
    ];

    /// <summary>The image side.</summary>
    /// <param name="features">Cached features.</param>
    /// <param name="cnn">Pooled features for SP.</param>
    /// <param name="selfPrompt">Whether SP takes part.</param>
    /// <returns>Z of each stage <c>[B, C, g, g]</c> and v, normalised <c>[B, C]</c>.</returns>
    public (IReadOnlyList<Tensor> Z, Tensor V) EncodeImages(HybridFeatures features, CnnFeatures cnn, bool selfPrompt)
    {
        using var scope = torch.NewDisposeScope();
        int g = (int)features.Maps[0].shape[2];
        var tower = _backbone.Tower;
        var tokens = tower.EmbedFeatures(features, g);
        var Z = new List<Tensor>();
        for (int stage = 1; stage <= StageCount; stage++)
        {
            var (first, count) = _stages.Blocks(stage);
            long N = (long)g * g;
            if (selfPrompt && _self.Stages.Contains(stage))
            {
                var prompts = _self.CreatePrompts(stage, ImageContext.Of(cnn));
                var output = tower.RunBlocks(torch.cat([tokens.narrow(1, 0, 1), prompts, tokens.narrow(1, 1, N)], 1), first, count, ForwardContext.Default);
                tokens = torch.cat([output.narrow(1, 0, 1), output.narrow(1, 1 + prompts.shape[1], N)], 1);
            }
            else
            {
                tokens = tower.RunBlocks(tokens, first, count, ForwardContext.Default);
            }

            Z.Add(_multiPatch.Aggregate(_multiPatch.Project(stage, tokens.narrow(1, 1, N), g, g, tower)).MoveToOuterDisposeScope());
        }

        return (Z, UnitVectors.Normalize(tower.Project(tokens.select(1, 0))).MoveToOuterDisposeScope());
    }

    /// <summary>The text side: sentences of any length, normalised <c>[S, C]</c>.</summary>
    /// <param name="sentences">Token ids with start and end.</param>
    /// <param name="cnn">For I2TP: one image for each sentence; <see langword="null"/>: without.</param>
    public Tensor EncodeTexts(IReadOnlyList<int[]> sentences, CnnFeatures? cnn)
    {
        using var scope = torch.NewDisposeScope();
        var text = _backbone.Text;
        int length = sentences.Max(s => s.Length);
        long[] ids = new long[sentences.Count * length], ends = new long[sentences.Count];
        for (int s = 0; s < sentences.Count; s++)
        {
            sentences[s].Select(i => (long)i).ToArray().CopyTo(ids, s * length);
            ends[s] = sentences[s].Length - 1;
        }

        var tokens = text.EmbedTokens(torch.tensor(ids, [sentences.Count, length], device: text.Device));
        var end = torch.tensor(ends, device: text.Device);
        if (cnn is not null)
        {
            var P_t = _imageToText.CreatePromptTokens(cnn); // [S, n_t, d]
            tokens = torch.cat([tokens.narrow(1, 0, 1), P_t, tokens.narrow(1, 1, length - 1)], 1);
            end = end + P_t.shape[1];
        }

        return UnitVectors.Normalize(text.Project(text.RunBlocks(text.AddPositions(tokens), 0, text.Layers, ForwardContext.Default), end))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Maps at a size: each stage's, the coarse one, and the prompted one; probabilities <c>[B, 2, h, w]</c>.</summary>
    public (IReadOnlyList<Tensor> Stages, Tensor Coarse, Tensor Prompted) Maps(IReadOnlyList<Tensor> Z, Tensor t, int size)
    {
        using var scope = torch.NewDisposeScope();
        var stages = Z.Select(z => StageMap(z, t, size)).ToList();
        var coarse = Mean(stages);
        var prompt = _mask.Apply(Z, t, coarse.select(1, 1), ForwardContext.Default)!;
        var prompted = Mean([.. prompt.Features.Zip(prompt.Texts).Select(p => StageMap(p.First, p.Second, size))]);
        return ([.. stages.Select(s => s.MoveToOuterDisposeScope())], coarse.MoveToOuterDisposeScope(), prompted.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (var module in Modules)
        {
            module.Value.Dispose();
        }

        _map.Dispose();
    }

    private Tensor StageMap(Tensor z, Tensor t, int size)
    {
        using var scope = torch.NewDisposeScope();
        return _map.Upsample(_map.PatchLogits(z, t), size, size).softmax(1).MoveToOuterDisposeScope();
    }

    private static Tensor Mean(IReadOnlyList<Tensor> maps) => maps.Aggregate((a, b) => a + b) / maps.Count;
}
