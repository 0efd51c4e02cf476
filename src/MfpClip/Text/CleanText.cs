using System.Globalization;
using System.Text;

namespace MfpClip.Text;

/// <summary>What CLIP does to a text before BPE: entities, white space, lower case, and the split into words.</summary>
/// <remarks>openai/CLIP, clip/simple_tokenizer.py (basic_clean, whitespace_clean, pat), without ftfy's repair of wrongly decoded text.</remarks>
internal static class CleanText
{
    internal const string Start = "<|startoftext|>";
    internal const string End = "<|endoftext|>";
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <summary>Decodes entities twice, trims, collapses white space, lowers.</summary>
    public static string Clean(string text)
    {
        string decoded = HtmlEntities.Decode(HtmlEntities.Decode(text));
        var collapsed = new StringBuilder(decoded.Length);
        bool pending = false;
        foreach (char c in decoded)
        {
            if (char.IsWhiteSpace(c))
            {
                pending = collapsed.Length > 0;
                continue;
            }

            if (pending)
            {
                collapsed.Append(' ');
                pending = false;
            }

            collapsed.Append(c);
        }

        return Lower(collapsed.ToString());
    }

    /// <summary>Splits into special tokens, contractions, runs of letters, single digits, runs of anything else.</summary>
    public static IEnumerable<string> Words(string text)
    {
        int at = 0;
        while (at < text.Length)
        {
            int length = WordLength(text, at);
            if (length > 0)
            {
                yield return text.Substring(at, length);
                at += length;
            }
            else
            {
                at++; // white space
            }
        }
    }

    private static int WordLength(string text, int at)
    {
        foreach (string special in (string[])[Start, End, .. Contractions])
        {
            if (string.CompareOrdinal(text, at, special, 0, special.Length) == 0)
            {
                return special.Length;
            }
        }

        var (kind, length) = KindAt(text, at);
        if (kind is Kind.Space)
        {
            return 0;
        }

        if (kind is Kind.Letter or Kind.Other)
        {
            while (at + length < text.Length && KindAt(text, at + length) is var next && next.Kind == kind)
            {
                length += next.Length;
            }
        }

        return length;
    }

    private static (Kind Kind, int Length) KindAt(string text, int at)
    {
        if (!Rune.TryGetRuneAt(text, at, out var rune))
        {
            return (Kind.Other, 1); // an unpaired surrogate
        }

        var kind = Rune.IsWhiteSpace(rune) ? Kind.Space : Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
        return (kind, rune.Utf16SequenceLength);
    }

    /// <summary>Lower case as Python's: a capital sigma that ends a word becomes a final one, and the dotted capital I two characters.</summary>
    private static string Lower(string text)
    {
        var lowered = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            lowered.Append(text[i] switch
            {
                '\u0130' => "i\u0307",
                '\u03a3' => IsFinal(text, i) ? "\u03c2" : "\u03c3",
                var c when char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
                    => Rune.ToLowerInvariant(new Rune(c, text[++i])).ToString(),
                var c => char.ToLowerInvariant(c).ToString(),
            });
        }

        return lowered.ToString();
    }

    private static bool IsFinal(string text, int sigma)
    {
        static bool Ignorable(char c) => c is '\'' or '.' or ':' or '\u00b7' or '\u2019' or '\u00ad' or '^' or '`'
            || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
                or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
        static bool Cased(char c) => char.IsUpper(c) || char.IsLower(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.TitlecaseLetter;
        int before = sigma - 1;
        while (before >= 0 && Ignorable(text[before]))
        {
            before--;
        }

        int after = sigma + 1;
        while (after < text.Length && Ignorable(text[after]))
        {
            after++;
        }

        return before >= 0 && Cased(text[before]) && !(after < text.Length && Cased(text[after]));
    }
}
