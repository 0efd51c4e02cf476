namespace MfpClip.Modules.Vision;

/// <summary>
/// The vision tower in consecutive stages, TF_1 to TF_S, with the self prompt's tokens where it asks for them (docs/method.md section 3):
/// <c>[c_i; Q_i; E_i] = TF_i([c_{i-1}; P_v; E_{i-1}])</c>; the prompts' outputs Q_i are dropped. Without prompts it is the plain CLIP pass.
/// </summary>
internal sealed class StagedVisionEncoder : WeightedModule, IVisionEncoder
{
    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.None;

    /// <inheritdoc/>
    public bool TakesSelfPrompts => true;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "vision";

    /// <inheritdoc/>
    public VisionEncoding Encode(VisionRun run)
    {
        using var scope = torch.NewDisposeScope();
        var image = run.Image;
        if (run.Self.Stages.Count == 0)
        {
            // Nothing is put in: what the texts may have read already is the same pass.
            var taps = image.PlainPass.Take(run.Stages.Count).Select(t => Stage(t.alias()));
            return new([.. taps], image.ClipEmbedding.alias().MoveToOuterDisposeScope());
        }

        var tokens = image.Embedded; // [B, 1 + N, D]
        var stages = new List<VisionStage>(run.Stages.Count);
        for (var stage = 1; stage <= run.Stages.Count; stage++)
        {
            run.Context.CancellationToken.ThrowIfCancellationRequested();
            tokens = RunStage(run, stage, tokens); // E_i with class token, [B, 1 + N, D]
            stages.Add(Stage(tokens));
        }

        // A plan may tap before the last block; the class token is always that of the whole tower.
        var last = run.Stages.Taps[^1];
        var whole = last < run.Tower.Layers ? run.Tower.RunBlocks(tokens, last, run.Tower.Layers - last, run.Context) : tokens;
        return new(stages, run.Tower.Project(whole.select(1, 0)).MoveToOuterDisposeScope());

        VisionStage Stage(Tensor t) => new(t.MoveToOuterDisposeScope(), image.Rows, image.Columns);
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new() { Stage = "vision encoder", Component = "stages of the tower" };

    private static Tensor RunStage(VisionRun run, int stage, Tensor tokens)
    {
        using var scope = torch.NewDisposeScope();
        var (first, count) = run.Stages.Blocks(stage);
        var P_v = SelfPromptTokens.Of(run, stage); // [B, K, D]
        var output = run.Tower.RunBlocks(SelfPromptTokens.Join(tokens, P_v), first, count, run.Context);
        return SelfPromptTokens.Drop(output, P_v).MoveToOuterDisposeScope();
    }
}
