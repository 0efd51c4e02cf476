using MfpClip.Backbones;
using MfpClip.Execution;

namespace MfpClip.Modules.ImageToText;

/// <summary>
/// Sentences with room for prompt tokens: <c>[SOT] P_t template [EOT]</c> (docs/method.md section 2). What does not depend on the image, the
/// templates' own token embeddings and the read positions, is worked out before images are read.
/// </summary>
/// <remarks>
/// The attention is causal, so nothing behind the last read position can change a result: sequences are cut there. A short template then
/// costs about 15 positions of the text tower instead of 77, with the same values.
/// </remarks>
internal sealed class PromptedSentences
{
    private readonly Tensor _start;
    private readonly Tensor _rest;
    private readonly Tensor _endPositions;

    private PromptedSentences(Tensor start, Tensor rest, Tensor endPositions) => (_start, _rest, _endPositions) = (start, rest, endPositions);

    /// <summary>Embeds the templates' tokens; tensors belong to the caller's scope.</summary>
    /// <param name="text">Text tower.</param>
    /// <param name="ids">int64 <c>[S, 77]</c>; the largest id of a row is end-of-text.</param>
    /// <param name="promptTokens">n_t.</param>
    public static PromptedSentences Prepare(ITextTower text, Tensor ids, int promptTokens)
    {
        var rows = ids.shape[0];
        var length = (int)ids.shape[1];
        var values = ids.cpu().data<long>().ToArray();
        var ends = new long[rows];
        for (var s = 0; s < rows; s++)
        {
            var row = values.AsSpan(s * length, length);
            var end = EndOfText(row);
            // A template too long for the prompt loses its last words, never its end-of-text: the embedding is read there.
            var last = text.ContextLength - 1 - promptTokens;
            row[Math.Min(end, last)] = row[end];
            ends[s] = Math.Min(end, last) + promptTokens;
        }

        var kept = ends.Max() + 1 - promptTokens;
        var cut = torch.tensor(values, [rows, length], dtype: ScalarType.Int64).narrow(1, 0, kept).to(text.Device);
        var e = text.EmbedTokens(cut); // [S, kept, d]
        return new(e.narrow(1, 0, 1), e.narrow(1, 1, kept - 1), torch.tensor(ends, dtype: ScalarType.Int64, device: text.Device));
    }

    /// <summary>Embeds every sentence with the prompt of every image.</summary>
    /// <param name="text">Text tower.</param>
    /// <param name="P_t">Prompt tokens <c>[B, n_t, d]</c> in the tower's precision.</param>
    /// <param name="context">What the forward pass runs under.</param>
    /// <returns>Not normalised, in the tower's precision, <c>[B, S, C]</c>.</returns>
    public Tensor Embed(ITextTower text, Tensor P_t, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var (B, n_t, d) = (P_t.shape[0], P_t.shape[1], P_t.shape[2]);
        var S = _start.shape[0];
        var prompt = P_t.unsqueeze(1).expand(B, S, n_t, d);
        var start = _start.unsqueeze(0).expand(B, S, 1, d);
        var rest = _rest.unsqueeze(0).expand(B, S, _rest.shape[1], d);
        var sequences = torch.cat([start, prompt, rest], 2).flatten(0, 1); // [B S, 1 + n_t + rest, d]
        return Run(text, sequences, _endPositions.repeat(B), context).view(B, S, -1).MoveToOuterDisposeScope();
    }

    /// <summary>Embeds each sentence with the prompt of its own image alone.</summary>
    /// <param name="text">Text tower.</param>
    /// <param name="P_t">Prompt tokens of each sentence, <c>[S, n_t, d]</c> in the tower's precision.</param>
    /// <param name="context">What the forward pass runs under.</param>
    /// <returns>Not normalised, in the tower's precision, <c>[S, C]</c>.</returns>
    public Tensor EmbedEach(ITextTower text, Tensor P_t, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        return Run(text, torch.cat([_start, P_t, _rest], 1), _endPositions, context).MoveToOuterDisposeScope();
    }

    private static Tensor Run(ITextTower text, Tensor sequences, Tensor endPositions, ForwardContext context) =>
        text.Project(text.RunBlocks(text.AddPositions(sequences), 0, text.Layers, context), endPositions); // [sequences, C]

    private static int EndOfText(ReadOnlySpan<long> row)
    {
        var end = 0;
        for (var i = 1; i < row.Length; i++)
        {
            end = row[i] > row[end] ? i : end;
        }

        return end;
    }
}
