using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Pipeline;

/// <summary>
/// The forward pass of methods that are made of modules, which is MFP-CLIP's (arXiv 2503.12910 v1; docs/method.md sections 2 to 7), the paper's
/// figure as code: CNN features prompt the text (I2TP)
/// and the vision tower (SP), patches are aggregated and compared with the texts (MPFA), and the coarse map prompts once more (MP).
/// </summary>
/// <remarks>
/// Pure: no state between calls, safe for concurrent callers. Builds a graph where trained tensors ask for gradients, none inside
/// <c>no_grad</c>. Letters: B images, H x W pixels, g x g' patches, D tower width, C joint width, K prompts.
/// </remarks>
public sealed class ModulePipeline
{
    private readonly PipelineParts _parts;

    /// <summary>Joins parts.</summary>
    /// <param name="parts">Stay the caller's.</param>
    /// <exception cref="DetectorConfigurationException">The parts do not fit together.</exception>
    public ModulePipeline(PipelineParts parts)
    {
        var faults = parts.Faults().ToList();
        _parts = faults.Count > 0 ? throw new DetectorConfigurationException(faults) : parts;
    }

    /// <summary>From images to map and score.</summary>
    /// <param name="image">
    /// The images, or features computed before, over the same parts; its context says what the pass runs under. Stays the caller's. Sides are
    /// divisible by the patch size.
    /// </param>
    /// <param name="states">Tokenised sentences of both states with their embeddings, made once for each class name; <see langword="null"/> where t is
    /// given.</param>
    /// <param name="texts">
    /// t, for example from <see cref="EmbedTexts"/>, kept by the caller for this class name; <see langword="null"/> to make it here, which is a must where I2TP
    /// uses the image.
    /// </param>
    /// <param name="region">Where to look, <c>[B, H, W]</c> with 1 inside and 0 outside; <see langword="null"/>: everywhere.</param>
    /// <param name="stageMaps">Whether the coarse map of each stage alone is wanted, for losses on every stage.</param>
    /// <param name="mapSize">Rows and columns of the maps; <see langword="null"/>: the image's.</param>
    /// <returns>Maps and scores, in the caller's dispose scope.</returns>
    /// <exception cref="ArgumentException">The images' sides are no multiples of the patch size.</exception>
    public PipelineOutput Forward(
        ImageContext image, StateSentences? states, Tensor? texts = null, Tensor? region = null, bool stageMaps = false,
        (int Height, int Width)? mapSize = null)
    {
        using var scope = torch.NewDisposeScope();
        var context = image.Context;
        var (H, W) = mapSize ?? CheckedSize(image);
        var trace = context.Trace;
        trace?.Start();

        Read(image);
        Done("CNN features");

        // [B or 1, 2, C]
        var t = texts ?? _parts.ImageToText.EmbedStates(_parts.Backbone.Text, states ?? throw new ArgumentNullException(nameof(states)), image, context);
        trace?.Keep("t", t);
        Done("image-to-text prompt");

        var (Z, raw) = EncodeImages(image); // S x [B, C, g, g'], [B, C]
        var v = UnitVectors.Normalize(raw.to_type(Z[0].dtype)); // [B, C]
        Done("vision tower");

        var t_i = Enumerable.Repeat(t, Z.Count).ToList();
        var coarse = _parts.Map.Map(Z, t_i, H, W, context); // [B, 2, H, W]
        var M_c = coarse.select(1, 1); // [B, H, W]
        PipelineTrace.KeepCoarse(trace, _parts.Map, Z, t, M_c);
        Done("coarse map");

        var prompt = _parts.Mask.Apply(Z, t, M_c, context);
        var prompted = prompt is null ? null : _parts.Map.Map(prompt.Features, prompt.Texts, H, W, context.Untraced); // [B, 2, H, W]
        var M = prompted is null ? M_c : (M_c + prompted.select(1, 1)) / 2; // [B, H, W]
        M = Inside(M);
        PipelineTrace.KeepPrompted(trace, prompt, prompted, M);
        Done("mask prompt");

        var score = _parts.Score.Score(new()
        {
            ClassEmbedding = v, RawClassEmbedding = raw, Texts = t, Map = M, Features = Z, PatchLogits = _parts.Map.PatchLogits, Context = context,
        });
        PipelineTrace.KeepScore(trace, v, raw, score.Score);
        var map = Inside(_parts.Map.Smooth(M));
        Done("score");

        return new(coarse.MoveToOuterDisposeScope(), prompted?.MoveToOuterDisposeScope(), map.MoveToOuterDisposeScope(), score.Score.MoveToOuterDisposeScope())
        {
            RawMap = M.alias().MoveToOuterDisposeScope(),
            ClassEmbedding = v.MoveToOuterDisposeScope(),
            ImageLogits = score.Logits?.MoveToOuterDisposeScope(),
            StageMaps = stageMaps ? [.. Z.Select(z => _parts.Map.Map([z], [t], H, W, context.Untraced).MoveToOuterDisposeScope())] : [],
        };

        // Outside the region of interest nothing counts.
        Tensor Inside(Tensor m) => region is null ? m : m * region;

        void Done(string stage)
        {
            trace?.Finish(stage);
            context.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>
    /// The same over images that are normalised as the backbone wants it, <c>[B, 3, H, W]</c>: for comparison with reference implementations.
    /// </summary>
    internal PipelineOutput Forward(Tensor images, StateSentences states, ForwardContext context, Tensor? texts = null, bool stageMaps = false)
    {
        using var batch = ImageBatch.FromNormalized(images, _parts.Backbone.Normalization);
        using var image = new ImageContext(_parts.Backbone, _parts.Cnn, batch, _parts.Stages, context);
        return Forward(image, states, texts, stageMaps: stageMaps);
    }

    /// <summary>t of a class name where it does not depend on the image, <c>[1, 2, C]</c>, for callers to keep; otherwise <see langword="null"/>.</summary>
    public Tensor? EmbedTexts(StateSentences states, ForwardContext context) =>
        _parts.ImageToText.Reads == ImageSources.None ? _parts.ImageToText.EmbedStates(_parts.Backbone.Text, states, null, context.Untraced) : null;

    /// <summary>The vision tower as the encoder runs it, and the aggregation of each stage's patches (docs/method.md sections 3 and 4).</summary>
    private (IReadOnlyList<Tensor> Z, Tensor ClassEmbedding) EncodeImages(ImageContext image)
    {
        var vision = _parts.Backbone.Vision;
        var trace = image.Context.Trace;
        var encoding = _parts.Vision.Encode(new() { Tower = vision, Image = image, Stages = _parts.Stages, Self = _parts.Self });
        var Z = new List<Tensor>(encoding.Stages.Count);
        foreach (var stage in encoding.Stages)
        {
            trace?.KeepGrid(stage.Grid(), stage.Rows, stage.Columns);
            var projected = _parts.MultiPatch.Project(Z.Count + 1, stage.Grid(), stage.Rows, stage.Columns, vision); // [B, C, g, g']
            Z.Add(_parts.MultiPatch.Aggregate(projected));
            PipelineTrace.KeepStage(trace, Z.Count, stage.Tokens, projected, Z[^1]);
        }

        return (Z, encoding.ClassEmbedding);
    }

    // What modules will read is computed here, so that its time is not counted as theirs.
    private void Read(ImageContext image)
    {
        var reads = _parts.Reads;
        _ = reads.HasFlag(ImageSources.CnnFeatures) ? image.Cnn : null;
        _ = reads.HasFlag(ImageSources.ClipTokens) ? image.ClipTokens : null;
        _ = reads.HasFlag(ImageSources.ClipEmbedding) ? image.ClipEmbedding : null;
    }

    private (int H, int W) CheckedSize(ImageContext image)
    {
        var patch = _parts.Backbone.Vision.PatchSize;
        return !image.HasImages || (image.Batch.Height % patch == 0 && image.Batch.Width % patch == 0) ? image.Size : throw new ArgumentException(
            $"Images are {image.Batch.Height} x {image.Batch.Width} pixels; the pipeline takes sides that are multiples of the patch, {patch} pixels.",
            nameof(image));
    }
}
