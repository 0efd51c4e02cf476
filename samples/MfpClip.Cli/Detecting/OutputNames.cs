using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MfpClip.Cli.Detecting;

/// <summary>
/// Names of output files after the images they are of: the image's own name where it can be one on every system and nobody has it yet, else shortened,
/// cleaned and made unique by eight digits of a hash of the image's path. A path gives the same name in every run over the same images.
/// </summary>
internal sealed class OutputNames
{
    // A name has 255 bytes on most file systems; the longest ending of an output is ".heatmap.png".
    private const int MostBytes = 255, LongestEnding = 16;
    private const string Forbidden = "<>:\"/\\|?*"; // on Windows

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
        "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM¹", "COM²", "COM³",
        "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT¹", "LPT²", "LPT³",
    };

    // Names that differ by case or by the form of their accents are one file on Windows and macOS.
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The name of an image's outputs, without ending.</summary>
    public string Of(string image)
    {
        string own = Path.GetFileNameWithoutExtension(image), name = Clean(own);
        if (name != own || !Take(name))
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(image)))[..8];
            for (int i = 1; ; i++)
            {
                string mark = i == 1 ? $"-{hash}" : $"-{hash}-{i}"; // the same image twice
                if (Take(Shorten(name, MostBytes - LongestEnding - mark.Length) + mark))
                {
                    return Shorten(name, MostBytes - LongestEnding - mark.Length) + mark;
                }
            }
        }

        return name;
    }

    private bool Take(string name) => _taken.Add(Normalized(name));

    private static string Normalized(string name)
    {
        try
        {
            return name.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            return name; // half a surrogate pair
        }
    }

    private static string Clean(string name)
    {
        var cleaned = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            bool bad = rune.Value < ' ' || rune.Value == 127 || rune == Rune.ReplacementChar || (rune.IsAscii && Forbidden.Contains((char)rune.Value));
            cleaned.Append(bad ? "_" : rune.ToString());
        }

        string result = Shorten(cleaned.ToString().TrimEnd('.', ' '), MostBytes - LongestEnding);
        string first = result.Split('.')[0].TrimEnd();
        return result.Length == 0 ? "_" : Reserved.Contains(first) ? $"_{result}" : result;
    }

    // Cuts between characters as people see them.
    private static string Shorten(string name, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(name) <= bytes)
        {
            return name;
        }

        var kept = new StringBuilder();
        int used = 0;
        var characters = StringInfo.GetTextElementEnumerator(name);
        while (characters.MoveNext())
        {
            string character = characters.GetTextElement();
            used += Encoding.UTF8.GetByteCount(character);
            if (used > bytes)
            {
                break;
            }

            kept.Append(character);
        }

        return kept.ToString().TrimEnd('.', ' ');
    }
}
