namespace MfpClip.Text;

/// <summary>Turns a sentence into token ids. Safe for concurrent callers.</summary>
public interface ITokenizer
{
    /// <summary>Number of tokens known; must equal the text tower's.</summary>
    int VocabSize { get; }

    /// <summary>Ids without start and end, not truncated.</summary>
    IReadOnlyList<int> Encode(string text);

    /// <summary>Start, ids, end, zeros; longer texts are cut and keep the end token, as OpenAI's <c>tokenize(truncate=True)</c>.</summary>
    /// <param name="text">Sentence.</param>
    /// <param name="contextLength">Number of ids to return, 77 for OpenAI's models.</param>
    long[] EncodePadded(string text, int contextLength = 77);
}
