namespace MfpClip.Text;

/// <summary>Sentences that describe the normal and the abnormal state of one class name, tokenised and embedded once.</summary>
/// <remarks>Cached by the detector for each class name; modules read it and never dispose its tensors.</remarks>
public sealed class StateSentences : IDisposable
{
    internal StateSentences(string className, Tensor normalIds, Tensor abnormalIds, Tensor embeddings)
        => (ClassName, NormalIds, AbnormalIds, Embeddings) = (className, normalIds, abnormalIds, embeddings);

    /// <summary>Class name in the sentences.</summary>
    public string ClassName { get; }

    /// <summary>Token ids of the normal sentences, int64 <c>[S_n, 77]</c>; the largest id of a row is end-of-text.</summary>
    public Tensor NormalIds { get; }

    /// <summary>Token ids of the abnormal sentences, int64 <c>[S_a, 77]</c>.</summary>
    public Tensor AbnormalIds { get; }

    /// <summary>
    /// Mean of the sentence embeddings of each state (see <see cref="PromptTemplates.Averaging"/>), renormalised: float32 <c>[2, C]</c>, normal first.
    /// </summary>
    public Tensor Embeddings { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        NormalIds.Dispose();
        AbnormalIds.Dispose();
        Embeddings.Dispose();
    }
}
