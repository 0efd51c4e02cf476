using MfpClip.Cnn;
using MfpClip.Prompts.ImageToText;
using MfpClip.Prompts.Text;

namespace MfpClip.Detection;

/// <summary>
/// MFP-CLIP's forward pass (arXiv 2503.12910 v1; spec sections 2 to 7), the paper's figure as code: CNN features prompt the text (I2TP)
/// and the vision tower (SP), patches are aggregated and compared with the texts (MPFA), and the coarse map prompts once more (MP).
/// </summary>
/// <remarks>
/// Pure: no state between calls, safe for concurrent callers. Builds a graph where trained tensors ask for gradients, none inside
/// <c>no_grad</c>. Letters: B images, H x W pixels, g x g' patches, D tower width, C joint width, K prompts.
/// </remarks>
internal sealed class MfpClipPipeline
{
    private readonly PipelineParts _parts;
    private readonly PipelineTracer _tracer;

    /// <exception cref="DetectorConfigurationException">The parts do not fit together.</exception>
    public MfpClipPipeline(PipelineParts parts)
    {
        var faults = parts.Faults().ToList();
        _parts = faults.Count > 0 ? throw new DetectorConfigurationException(faults) : parts;
        _tracer = new PipelineTracer(parts);
    }

    /// <summary>From images to map and score.</summary>
    /// <param name="images">Normalised as the backbone wants it, <c>[B, 3, H, W]</c>; sides divisible by the patch size.</param>
    /// <param name="states">Tokenised sentences of both states with their embeddings, made once for each class name.</param>
    /// <param name="texts">
    /// t from <see cref="EmbedTexts"/>, kept by the caller for this class name; <see langword="null"/> to make it here, which is a must where I2TP uses the image.
    /// </param>
    /// <param name="region">Where to look, <c>[B, H, W]</c> with 1 inside and 0 outside; <see langword="null"/>: everywhere.</param>
    /// <param name="trace">Takes times and intermediate tensors.</param>
    /// <param name="cancellationToken">Checked between the stages.</param>
    public PipelineOutput Forward(
        Tensor images, StateSentences states, Tensor? texts = null, ForwardTrace? trace = null, Tensor? region = null, CancellationToken cancellationToken = default)
    {
        using var scope = torch.NewDisposeScope();
        var (H, W) = CheckShape(images);
        trace?.Start();

        var features = _parts.ReadsCnn ? _parts.Cnn!.Extract(ToPixels(images)) : null;
        Done("CNN features");

        var t = texts ?? _parts.ImageToText.EmbedStates(_parts.Backbone.Text, states, features); // [B or 1, 2, C]
        _tracer.Texts(trace, t, features);
        Done("image-to-text prompt");

        var (Z, v) = EncodeImages(images, features, trace, cancellationToken); // S x [B, C, g, g'], [B, C]
        Done("vision tower");

        var t_i = Enumerable.Repeat(t, Z.Count).ToList();
        var coarse = _parts.Map.Map(Z, t_i, H, W); // [B, 2, H, W]
        var M_c = coarse.select(1, 1); // [B, H, W]
        _tracer.Coarse(trace, Z, t, M_c);
        Done("coarse map");

        var prompt = _parts.Mask.Apply(Z, t, M_c);
        var prompted = prompt is null ? null : _parts.Map.Map(prompt.Features, prompt.Texts, H, W); // [B, 2, H, W]
        var M = prompted is null ? M_c : (M_c + prompted.select(1, 1)) / 2; // [B, H, W]
        M = region is null ? M : M * region; // outside the region of interest nothing counts
        _tracer.Prompted(trace, Z, M_c, prompt, prompted, M);
        Done("mask prompt");

        var S = _parts.Score.Score(v, t, M); // [B]
        _tracer.Scored(trace, v, t, S);
        Done("score");

        return new(
            coarse.MoveToOuterDisposeScope(), prompted?.MoveToOuterDisposeScope(), M.MoveToOuterDisposeScope(), S.MoveToOuterDisposeScope());

        void Done(string stage)
        {
            trace?.Finish(stage);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>t of a class name where it does not depend on the image, <c>[1, 2, C]</c>, for callers to keep; otherwise <see langword="null"/>.</summary>
    public Tensor? EmbedTexts(StateSentences states) =>
        _parts.ImageToText.UsesImage ? null : _parts.ImageToText.EmbedStates(_parts.Backbone.Text, states, null);

    /// <summary>The vision tower with self prompts and the aggregation of each stage's patches (spec sections 3 and 4).</summary>
    private (IReadOnlyList<Tensor> Z, Tensor v) EncodeImages(
        Tensor images, CnnFeatures? features, ForwardTrace? trace, CancellationToken cancellationToken)
    {
        var vision = _parts.Backbone.Vision;
        var (rows, columns) = ((int)images.shape[2] / vision.PatchSize, (int)images.shape[3] / vision.PatchSize);
        var tokens = vision.Embed(images.to(vision.Precision, vision.Device)); // [B, 1 + N, D]
        var Z = new List<Tensor>(_parts.Stages.Count);
        for (var stage = 1; stage <= _parts.Stages.Count; stage++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            tokens = RunStage(stage, tokens, features, trace); // E_i with class token, [B, 1 + N, D]
            var patches = tokens.narrow(1, 1, tokens.shape[1] - 1); // [B, N, D]
            var projected = _parts.MultiPatch.Project(stage, patches, rows, columns, vision); // [B, C, g, g']
            Z.Add(_parts.MultiPatch.Aggregate(projected));
            PipelineTracer.Stage(trace, stage, tokens, projected, Z[^1]);
        }

        // A plan may tap before the last block; the class token is always that of the whole tower.
        var last = _parts.Stages.Taps[^1];
        var whole = last < vision.Layers ? vision.RunBlocks(tokens, last, vision.Layers - last) : tokens;
        var v = ImageToTextPrompt.Normalize(vision.Project(whole.select(1, 0)).to_type(Z[0].dtype)); // [B, C]
        return (Z, v);
    }

    /// <summary><c>[c_i; Q_i; E_i] = TF_i([c_{i-1}; P_v; E_{i-1}])</c>; the prompts' outputs Q_i are dropped (spec section 3).</summary>
    private Tensor RunStage(int stage, Tensor tokens, CnnFeatures? features, ForwardTrace? trace)
    {
        using var scope = torch.NewDisposeScope();
        var (first, count) = _parts.Stages.Blocks(stage);
        if (!_parts.Self.Stages.Contains(stage))
        {
            return _parts.Backbone.Vision.RunBlocks(tokens, first, count).MoveToOuterDisposeScope();
        }

        var N = tokens.shape[1] - 1;
        var P_v = _parts.Self.CreatePrompts(stage, features!); // [B, K, D]
        trace?.Keep($"P_v{stage}", P_v);
        var joined = torch.cat([tokens.narrow(1, 0, 1), P_v.to_type(tokens.dtype), tokens.narrow(1, 1, N)], 1); // [B, 1 + K + N, D]
        var output = _parts.Backbone.Vision.RunBlocks(joined, first, count);
        return torch.cat([output.narrow(1, 0, 1), output.narrow(1, 1 + P_v.shape[1], N)], 1).MoveToOuterDisposeScope();
    }

    /// <summary>Undoes the backbone's normalisation: the CNN has its own.</summary>
    private Tensor ToPixels(Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        var (mean, std) = _parts.Backbone.Normalization;
        var device = _parts.Backbone.Vision.Device;
        var x = images.to(ScalarType.Float32, device);
        return (x * torch.tensor(std, device: device).view(1, 3, 1, 1) + torch.tensor(mean, device: device).view(1, 3, 1, 1))
            .MoveToOuterDisposeScope();
    }

    private (int H, int W) CheckShape(Tensor images)
    {
        var patch = _parts.Backbone.Vision.PatchSize;
        if (images.dim() != 4 || images.shape[1] != 3 || images.shape[2] % patch != 0 || images.shape[3] % patch != 0 || images.numel() == 0)
        {
            throw new ArgumentException(
                $"Images are [{string.Join(", ", images.shape)}]; the pipeline takes [B, 3, H, W] with sides that are multiples of the patch, {patch} pixels.",
                nameof(images));
        }

        return ((int)images.shape[2], (int)images.shape[3]);
    }
}
