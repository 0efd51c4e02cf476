namespace MfpClip;

/// <summary>
/// The one rule by which a class name becomes the words of a prompt, whether it was typed or is a folder's name: underscores, dashes and white space separate
/// words, so that "metal_nut", "metal-nut" and " metal  nut" are the same class. Upper and lower case stay; the tokenizer of CLIP ignores them.
/// </summary>
public static class ClassWords
{
    /// <summary>Characters of a class name at most; longer ones are refused before anything is computed of them.</summary>
    public const int MaximumLength = 256;

    /// <summary>The words where none are given.</summary>
    public const string Default = "object";

    /// <summary>The words of a name, with one space between them; <see cref="Default"/> where the name has none.</summary>
    /// <param name="name">A folder's name or what a user typed.</param>
    public static string Of(string? name)
    {
        string[] words = (name ?? string.Empty).Replace('_', ' ').Replace('-', ' ').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 0 ? string.Join(' ', words) : Default;
    }

    /// <summary>Whether two names are the same class: their words are equal, upper and lower case ignored.</summary>
    /// <param name="a">A name.</param>
    /// <param name="b">Another.</param>
    public static bool Same(string? a, string? b) => string.Equals(Of(a), Of(b), StringComparison.OrdinalIgnoreCase);
}
