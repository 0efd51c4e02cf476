using MfpClip.Execution;
using MfpClip.Modules.Mask;
using MfpClip.Modules.Scoring;

namespace MfpClip.Pipeline;

/// <summary>What the pipeline itself puts into a trace, under the symbols of docs/method.md. Modules keep their own intermediates.</summary>
internal static class PipelineTrace
{
    /// <summary>E_i, Z_i before and after aggregation.</summary>
    public static void KeepStage(ForwardTrace? trace, int stage, Tensor tokens, Tensor projected, Tensor z)
    {
        trace?.Keep($"E{stage}", tokens);
        trace?.Keep($"Z{stage}_projected", projected);
        trace?.Keep($"Z{stage}", z);
    }

    /// <summary>M_c and the map A_i of each stage alone, which is computed for the trace only.</summary>
    public static void KeepCoarse(ForwardTrace? trace, IAnomalyMapGenerator map, IReadOnlyList<Tensor> Z, Tensor t, Tensor coarse)
    {
        if (trace is not { KeepsTensors: true })
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        var (H, W) = ((int)coarse.shape[1], (int)coarse.shape[2]);
        trace.Keep("M_c", coarse);
        for (var i = 0; i < Z.Count; i++)
        {
            trace.Keep($"A{i + 1}", map.Map([Z[i]], [t], H, W, ForwardContext.Default).select(1, 1)); // [B, H, W]
        }
    }

    /// <summary>Prompted features and texts, M_f and M.</summary>
    public static void KeepPrompted(ForwardTrace? trace, MaskPromptResult? prompt, Tensor? prompted, Tensor map)
    {
        if (trace is not { KeepsTensors: true })
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        trace.Keep("M", map);
        if (prompt is null)
        {
            return;
        }

        trace.Keep("M_f", prompted!.select(1, 1));
        for (var i = 0; i < prompt.Features.Count; i++)
        {
            trace.Keep($"Z_prompted{i + 1}", prompt.Features[i]);
            trace.Keep($"t_prompted{i + 1}", prompt.Texts[i]);
        }
    }

    /// <summary>The class embedding and the score.</summary>
    public static void KeepScore(ForwardTrace? trace, Tensor v, Tensor raw, Tensor score)
    {
        trace?.Keep("class_embedding", v);
        trace?.Keep("class_embedding_raw", raw);
        trace?.Keep("S", score);
    }
}
