using MfpClip.Prompts;
using MfpClip.Prompts.Vision;

namespace MfpClip.Methods.AdaClip;

/// <summary>
/// AdaCLIP's vision side: hybrid prompts (<see cref="HybridPrompts"/>) stand behind the patches from block 1 on and are exchanged before
/// the blocks 2 to depth; later blocks keep what became of them. Stages are read without them.
/// </summary>
internal sealed class HybridVisionEncoder : WeightedModule, IVisionEncoder
{
    private readonly HybridPrompts _prompts;

    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public HybridVisionEncoder(AdaClipOptions options, ModuleDimensions dimensions)
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
        var tokens = run.Image.Embedded; // [B, 1 + N, D], from stage 1 on with P prompts behind
        var stages = new List<VisionStage>(run.Stages.Count);
        for (var stage = 1; stage <= run.Stages.Count; stage++)
        {
            run.CancellationToken.ThrowIfCancellationRequested();
            var (first, count) = run.Stages.Blocks(stage);
            var P_v = SelfPromptTokens.Of(run, stage); // MFP-CLIP's, in a mix
            tokens = SelfPromptTokens.Drop(Run(run, SelfPromptTokens.Join(tokens, P_v), dynamic, first, count), P_v);
            stages.Add(new(tokens.narrow(1, 0, tokens.shape[1] - _prompts.Length).MoveToOuterDisposeScope(), run.Image.Rows, run.Image.Columns));
        }

        var last = run.Stages.Taps[^1];
        tokens = last < run.Tower.Layers ? Run(run, tokens, dynamic, last, run.Tower.Layers - last) : tokens;
        return new(stages, run.Tower.Project(tokens.select(1, 0)).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "vision encoder", Component = "hybrid prompts behind the patches (AdaCLIP)", Options = _prompts.Describe(),
    };

    private Tensor Run(VisionRun run, Tensor tokens, Tensor? dynamic, int first, int count)
    {
        using var scope = torch.NewDisposeScope();
        var block = first;
        for (; block < Math.Min(_prompts.Depth, first + count); block++)
        {
            var prompts = _prompts.Before(block, dynamic, run.Tower.Precision).expand(tokens.shape[0], -1, -1);
            var before = block == 0 ? tokens : tokens.narrow(1, 0, tokens.shape[1] - _prompts.Length);
            tokens = run.Tower.RunBlocks(torch.cat([before, prompts], 1), block, 1);
        }

        return (block < first + count ? run.Tower.RunBlocks(tokens, block, first + count - block) : tokens.alias()).MoveToOuterDisposeScope();
    }
}
