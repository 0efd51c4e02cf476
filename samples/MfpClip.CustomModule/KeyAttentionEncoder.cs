using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.Vision;
using TorchSharp;
using static TorchSharp.torch;

namespace MfpClip.CustomModule;

/// <summary>
/// A vision encoder of one's own, without training: in the last block of every stage patches attend to patches whose keys are alike, as
/// neighbours of a surface are, instead of to what their queries ask for. See docs/modules.md.
/// </summary>
public sealed class KeyAttentionEncoder : IVisionEncoder
{
    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.ClipTokens; // the plain pass gives the class token

    /// <inheritdoc/>
    public bool TakesSelfPrompts => false;

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> Weights => [];

    /// <inheritdoc/>
    public IEnumerable<string> Faults(IVisionTower tower) =>
        tower.GetService<IAttentionBlocks>() is not null ? [] : [$"The key attention encoder needs a vision tower that offers {nameof(IAttentionBlocks)}."];

    /// <inheritdoc/>
    public VisionEncoding Encode(VisionRun run)
    {
        using var scope = NewDisposeScope();
        var blocks = run.Tower.GetService<IAttentionBlocks>()!;
        var tokens = run.Image.Embedded; // [B, 1 + N, D]
        var stages = new List<VisionStage>(run.Stages.Count);
        for (int stage = 1; stage <= run.Stages.Count; stage++)
        {
            run.Context.CancellationToken.ThrowIfCancellationRequested();
            var (first, count) = run.Stages.Blocks(stage);
            int last = first + count - 1;
            var before = run.Tower.RunBlocks(tokens, first, count - 1, run.Context);
            var k = blocks.ProjectAttention(last, before, AttentionPart.Keys); // [B, h, 1 + N, d]
            var v = blocks.ProjectAttention(last, before, AttentionPart.Values);
            var local = before + blocks.Attend(last, k, k, v);
            stages.Add(new(local.MoveToOuterDisposeScope(), run.Image.Rows, run.Image.Columns));
            tokens = run.Tower.RunBlocks(before, last, 1, run.Context);
        }

        return new(stages, run.Image.ClipEmbedding.alias().MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public StageDescription Describe() => new() { Stage = "vision encoder", Component = "key attention (sample)" };

    /// <inheritdoc/>
    public void To(Device device)
    {
        // No weights to move.
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // No weights to free.
    }
}
