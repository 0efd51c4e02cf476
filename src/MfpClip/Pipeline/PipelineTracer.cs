using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.Scoring;

namespace MfpClip.Pipeline;

/// <summary>
/// Puts a forward pass's intermediate tensors into a trace under the spec's names. Values that a module keeps to itself (prompt tokens,
/// mask, logits) are computed once more by the same code, and only where tensors are kept.
/// </summary>
internal sealed class PipelineTracer(PipelineParts parts)
{
    /// <summary>t and P_t.</summary>
    public void Texts(ForwardTrace? trace, Tensor t, ImageContext image)
    {
        if (Off(trace))
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        trace!.Keep("t", t);
        if (parts.ImageToText is PrependImageToTextPrompt prepend)
        {
            trace.Keep("P_t", prepend.CreatePromptTokens(image.Cnn));
        }
    }

    /// <summary>E_i, Z_i before and after aggregation.</summary>
    public static void Stage(ForwardTrace? trace, int stage, Tensor tokens, Tensor projected, Tensor z)
    {
        trace?.Keep($"E{stage}", tokens);
        trace?.Keep($"Z{stage}_projected", projected);
        trace?.Keep($"Z{stage}", z);
    }

    /// <summary>M_c, the map A_i of each stage alone, and its logits at map size.</summary>
    public void Coarse(ForwardTrace? trace, IReadOnlyList<Tensor> Z, Tensor t, Tensor coarse)
    {
        if (Off(trace))
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        var (H, W) = ((int)coarse.shape[1], (int)coarse.shape[2]);
        trace!.Keep("M_c", coarse);
        for (var i = 0; i < Z.Count; i++)
        {
            trace.Keep($"A{i + 1}", parts.Map.Map([Z[i]], [t], H, W).select(1, 1)); // [B, H, W]
            if (parts.Map is AnomalyMapGenerator generator)
            {
                trace.Keep($"logits{i + 1}", generator.Upsample(generator.PatchLogits(Z[i], t), H, W)); // [B, 2, H, W]
            }
        }
    }

    /// <summary>The mask, its encoding, prompted features and texts, M_f and M.</summary>
    public void Prompted(
        ForwardTrace? trace, IReadOnlyList<Tensor> Z, Tensor coarse, MaskPromptResult? prompt, Tensor? prompted, Tensor map)
    {
        if (Off(trace))
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        trace!.Keep("M", map);
        if (prompt is null)
        {
            return;
        }

        trace.Keep("M_f", prompted!.select(1, 1));
        for (var i = 0; i < Z.Count; i++)
        {
            trace.Keep($"Z_prompted{i + 1}", prompt.Features[i]);
            trace.Keep($"t_prompted{i + 1}", prompt.Texts[i]);
        }

        var m = MaskPrompt.Pool(coarse, Z[0].shape[2], Z[0].shape[3], detach: true);
        trace.Keep("mask_prompt", m);
        if (parts.Mask is LearnedMaskPrompt learned)
        {
            trace.Keep("P_m", learned.Encode(m));
        }
    }

    /// <summary>The class embedding and the scores.</summary>
    public void Scored(ForwardTrace? trace, Tensor v, Tensor raw, Tensor t, Tensor score)
    {
        if (Off(trace))
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        trace!.Keep("class_embedding", v);
        trace.Keep("class_embedding_raw", raw);
        trace.Keep("S", score);
        if (parts.Score is AnomalyScorer scorer)
        {
            trace.Keep("S_global", scorer.Global(v, t));
        }
    }

    private static bool Off(ForwardTrace? trace) => trace is not { KeepsTensors: true };
}
