using MfpClip.Modules;
using MfpClip.Modules.Vision;

namespace MfpClip.Methods.AdaClip;

/// <summary>
/// AdaCLIP's vision side: hybrid prompts (<see cref="AdaClipPrompts"/>) stand beside the patches from block 1 on and are exchanged before
/// the blocks 2 to depth; later blocks keep what became of them. Stages are read without them. The authors put them behind the patches;
/// here they stand before them, because a tower may need the patches last. To attention the place means nothing.
/// </summary>
internal sealed class AdaClipVisionEncoder : WeightedModule, IVisionEncoder
{
    private readonly AdaClipPrompts _prompts;

    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public AdaClipVisionEncoder(AdaClipOptions options, ModuleDimensions dimensions)
    {
        var faults = options.PromptFaults(dimensions).ToList();
        _prompts = faults.Count > 0
            ? throw new DetectorConfigurationException(faults)
            : new(options, Parameters, CheckpointPrefix, dimensions.VisionLayers, dimensions.VisionWidth, dimensions.EmbedDim);
    }

    /// <inheritdoc/>
    public ImageSources Reads => _prompts.Reads;

    /// <inheritdoc/>
    public bool TakesSelfPrompts => true;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "vision";

    /// <summary>The dynamic part of the prompts, <c>[B, P, D]</c>.</summary>
    public Tensor? Dynamic(ImageContext image) => _prompts.Dynamic(_prompts.Reads == ImageSources.None ? null : Enter(image.ClipEmbedding));

    /// <inheritdoc/>
    public VisionEncoding Encode(VisionRun run)
    {
        using var scope = torch.NewDisposeScope();
        var dynamic = Dynamic(run.Image);
        var tokens = run.Image.Embedded; // [B, 1 + N, D], from stage 1 on with P prompts behind the class token
        var stages = new List<VisionStage>(run.Stages.Count);
        for (var stage = 1; stage <= run.Stages.Count; stage++)
        {
            run.Context.CancellationToken.ThrowIfCancellationRequested();
            var (first, count) = run.Stages.Blocks(stage);
            var P_v = SelfPromptTokens.Of(run, stage); // MFP-CLIP's, in a mix
            var joined = SelfPromptTokens.Join(tokens, P_v);
            tokens = SelfPromptTokens.Drop(Run(run, joined, dynamic, first, count, at: 1 + (P_v?.shape[1] ?? 0)), P_v);
            stages.Add(new(Without(tokens, 1).MoveToOuterDisposeScope(), run.Image.Rows, run.Image.Columns));
        }

        var last = run.Stages.Taps[^1];
        tokens = last < run.Tower.Layers ? Run(run, tokens, dynamic, last, run.Tower.Layers - last, at: 1) : tokens;
        return new(stages, run.Tower.Project(tokens.select(1, 0)).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "vision encoder", Component = "hybrid prompts beside the patches (AdaCLIP)", Options = _prompts.Describe(),
    };

    private Tensor Run(VisionRun run, Tensor tokens, Tensor? dynamic, int first, int count, long at)
    {
        using var scope = torch.NewDisposeScope();
        var block = first;
        for (; block < Math.Min(_prompts.Depth, first + count); block++)
        {
            var prompts = _prompts.Before(block, dynamic, run.Tower.Precision).expand(tokens.shape[0], -1, -1);
            var without = block == 0 ? tokens : Without(tokens, at);
            var joined = torch.cat([without.narrow(1, 0, at), prompts, without.narrow(1, at, without.shape[1] - at)], 1);
            tokens = run.Tower.RunBlocks(joined, block, 1, run.Context);
        }

        return (block < first + count ? run.Tower.RunBlocks(tokens, block, first + count - block, run.Context) : tokens.alias()).MoveToOuterDisposeScope();
    }

    private Tensor Without(Tensor tokens, long at)
    {
        var behind = at + _prompts.Length;
        return torch.cat([tokens.narrow(1, 0, at), tokens.narrow(1, behind, tokens.shape[1] - behind)], 1);
    }
}
