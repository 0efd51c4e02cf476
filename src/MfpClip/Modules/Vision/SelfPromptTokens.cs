namespace MfpClip.Modules.Vision;

/// <summary>The self prompt's tokens on their way into a stage and out of it: between the class token and the rest.</summary>
internal static class SelfPromptTokens
{
    /// <summary>P_v of a stage in the tower's precision, <c>[B, K, D]</c>; <see langword="null"/> where the stage takes none.</summary>
    public static Tensor? Of(VisionRun run, int stage)
    {
        if (!run.Self.Stages.Contains(stage))
        {
            return null;
        }

        using var scope = torch.NewDisposeScope();
        var P_v = run.Self.CreatePrompts(stage, run.Image);
        run.Context.Trace?.Keep($"P_v{stage}", P_v);
        return P_v.to_type(run.Tower.Precision).MoveToOuterDisposeScope();
    }

    /// <summary><c>[c; P_v; E]</c>.</summary>
    public static Tensor Join(Tensor tokens, Tensor? P_v)
    {
        using var scope = torch.NewDisposeScope();
        return (P_v is null ? tokens.alias() : torch.cat([tokens.narrow(1, 0, 1), P_v, tokens.narrow(1, 1, tokens.shape[1] - 1)], 1)).MoveToOuterDisposeScope();
    }

    /// <summary>The same without the prompts' places.</summary>
    public static Tensor Drop(Tensor tokens, Tensor? P_v)
    {
        using var scope = torch.NewDisposeScope();
        var K = P_v?.shape[1] ?? 0;
        return (K == 0 ? tokens.alias() : torch.cat([tokens.narrow(1, 0, 1), tokens.narrow(1, 1 + K, tokens.shape[1] - 1 - K)], 1)).MoveToOuterDisposeScope();
    }
}
