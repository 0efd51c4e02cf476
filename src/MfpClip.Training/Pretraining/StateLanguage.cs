using MfpClip.Methods.Mfp;
using MfpClip.Text;

namespace MfpClip.Training.Pretraining;

/// <summary>Sentences as token ids: states of an object in the words that are used later, and captions. Drawn at random.</summary>
internal sealed class StateLanguage(ClipTokenizer tokenizer, double nameDropout)
{
    private readonly Dictionary<string, int[]> _encoded = new(StringComparer.Ordinal);

    /// <summary>A sentence of the normal and one of the abnormal state, about the same object in the same template.</summary>
    public (int[] Normal, int[] Abnormal) States(string category, Random random)
    {
        var words = HybridMfpClip.Templates;
        int[] name = Name(category, random);
        string template = Any(words.Templates, random);
        return (Fill(template, Any(words.NormalStates, random), name), Fill(template, Any(words.AbnormalStates, random), name));
    }

    /// <summary>A caption, with start and end.</summary>
    public int[] Caption(string caption) => [tokenizer.StartId, .. Encode(caption), tokenizer.EndId];

    private int[] Name(string category, Random random)
    {
        double draw = random.NextDouble();
        if (draw >= nameDropout)
        {
            return Encode(category);
        }

        // Bytes stand in front of the vocabulary, start and end behind it; between them are words and pieces of words.
        return draw < nameDropout / 2 ? Encode("object") : [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(512, tokenizer.VocabSize - 2))];
    }

    private int[] Fill(string template, string state, int[] name)
    {
        string sentence = template.Replace(PromptTemplates.StatePlaceholder, state, StringComparison.Ordinal);
        int at = sentence.IndexOf(PromptTemplates.ObjectPlaceholder, StringComparison.Ordinal);
        return [tokenizer.StartId, .. Encode(sentence[..at]), .. name, .. Encode(sentence[(at + PromptTemplates.ObjectPlaceholder.Length)..]), tokenizer.EndId];
    }

    private int[] Encode(string text)
    {
        if (!_encoded.TryGetValue(text, out int[]? ids))
        {
            _encoded[text] = ids = [.. tokenizer.Encode(text).Select(i => (int)i)];
        }

        return ids;
    }

    private static string Any(IReadOnlyList<string> words, Random random) => words[random.Next(words.Count)];
}
