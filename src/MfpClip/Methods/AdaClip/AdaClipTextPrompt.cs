using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Methods.AdaClip;

/// <summary>
/// AdaCLIP's text side: block 1 runs as it is; before the blocks 2 to depth the positions 1 to P of every sentence give way to hybrid
/// prompts (<see cref="AdaClipPrompts"/>). Sentences of a state are averaged after normalisation. The first static prompt is stored and
/// never used, as in the authors' code.
/// </summary>
internal sealed class AdaClipTextPrompt : WeightedModule, IImageToTextPrompt
{
    private readonly AdaClipPrompts _prompts;

    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public AdaClipTextPrompt(AdaClipOptions options, ModuleDimensions dimensions)
    {
        var faults = options.PromptFaults(dimensions).ToList();
        _prompts = faults.Count > 0
            ? throw new DetectorConfigurationException(faults)
            : new(options, Parameters, CheckpointPrefix, dimensions.TextLayers, dimensions.TextWidth, dimensions.EmbedDim);
    }

    /// <inheritdoc/>
    public ImageSources Reads => _prompts.Reads;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "i2tp";

    /// <summary>The dynamic part of the prompts, <c>[B, P, d]</c>.</summary>
    public Tensor? Dynamic(ImageContext? image) => _prompts.Dynamic(image is null ? null : Enter(image.ClipEmbedding));

    /// <inheritdoc/>
    public Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var dynamic = Dynamic(image); // [B, P, d]
        var B = dynamic?.shape[0] ?? 1;
        var ids = torch.cat([states.NormalIds, states.AbnormalIds], 0); // [S, 77]
        var (S, normal) = (ids.shape[0], states.NormalIds.shape[0]);
        var ends = ids.argmax(1); // the largest id is end-of-text
        // Causal: nothing behind the last end-of-text counts, but prompts need their places.
        var kept = Math.Min(Math.Max(ends.max().item<long>(), _prompts.Length) + 1, ids.shape[1]);
        var x = text.AddPositions(text.EmbedTokens(ids.narrow(1, 0, kept).to(text.Device))); // [S, kept, d]
        // What depends on no image runs once for all of them.
        x = text.RunBlocks(x, 0, 1, context).unsqueeze(0).expand(B, -1, -1, -1).flatten(0, 1); // [B S, kept, d]
        for (var block = 1; block < _prompts.Depth; block++)
        {
            x = text.RunBlocks(Replace(x, _prompts.Before(block, dynamic, text.Precision), S), block, 1, context);
        }

        var done = Math.Max(_prompts.Depth, 1);
        x = done < text.Layers ? text.RunBlocks(x, done, text.Layers - done, context) : x;
        var e = UnitVectors.Normalize(Enter(text.Project(x, ends.to(text.Device).repeat(B)))).view(B, S, -1); // [B, S, C]
        var n = UnitVectors.Normalize(e.narrow(1, 0, normal).mean([1], keepdim: true));
        var a = UnitVectors.Normalize(e.narrow(1, normal, S - normal).mean([1], keepdim: true));
        return UnitVectors.Normalize(torch.cat([n, a], 1)).MoveToOuterDisposeScope(); // [B, 2, C]
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "text prompts", Component = "hybrid prompts inside the text tower (AdaCLIP)", Options = _prompts.Describe(),
    };

    private static Tensor Replace(Tensor x, Tensor prompts, long sentences)
    {
        var (P, d) = (prompts.shape[1], prompts.shape[2]);
        var each = prompts.expand(x.shape[0] / sentences, P, d).unsqueeze(1).expand(-1, sentences, P, d).flatten(0, 1); // [B S, P, d]
        return torch.cat([x.narrow(1, 0, 1), each, x.narrow(1, 1 + P, x.shape[1] - 1 - P)], 1);
    }
}
