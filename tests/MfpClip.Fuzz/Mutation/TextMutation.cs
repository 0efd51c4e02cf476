using System.Text;
using System.Text.RegularExpressions;

namespace MfpClip.Fuzz.Mutation;

/// <summary>Changes of JSON and of lists by their tokens and lines: most results still parse, and mean something else.</summary>
internal static partial class TextMutation
{
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1e308", "-1e308", "1e400", "NaN", "\"NaN\"", "2147483648", "9223372036854775808", "0.5", "[]", "{}", "\"\"",
        "\"a\"", "\"\\u0000\"", "\"..\"", "\"../../x\"", "\"/dev/zero\"", "\"a/b\\u0000c\"", "[null]", "{\"a\":null}", "[[]]", "\"\\ud800\"",
    ];

    private static readonly string[] Words =
    [
        "\0", "..", "/", "\\", "\"", ",", ";", "\t", "\r\n", "\uFEFF", "\u202e", "é", "😀", " ", "9999999999", "-1", "nan", "=1+1",
    ];

    /// <summary>Of JSON.</summary>
    public static byte[] Json(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus) =>
        Encoding.UTF8.GetBytes(Json(Encoding.UTF8.GetString(input), random));

    public static string Json(string text, FuzzRandom random)
    {
        var tokens = Token().Matches(text);
        if (tokens.Count == 0)
        {
            return random.Of(Values);
        }

        // Values rather than brackets: most results are to be JSON still.
        var token = tokens[random.Next(tokens.Count)];
        for (int i = 0; i < 4 && token.Value is "[" or "]" or "{" or "}" or ":" or ","; i++)
        {
            token = tokens[random.Next(tokens.Count)];
        }

        string before = text[..token.Index], after = text[(token.Index + token.Length)..];
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                return before + random.Of(Values) + after;
            case 3:
                return before + random.Number() + after;
            case 4:
                return before + after;
            case 5:
                return before + token.Value + token.Value + after;
            case 6:
                int depth = random.Of([2, 10, 100, 1000]);
                return before + new string('[', depth) + token.Value + (random.Chance(2) ? new string(']', depth) : string.Empty) + after;
            default:
                var other = tokens[random.Next(tokens.Count)];
                return before + other.Value + after;
        }
    }

    /// <summary>Of a list: lines, fields, words.</summary>
    public static byte[] Lines(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus)
    {
        var lines = Encoding.UTF8.GetString(input).Split('\n').ToList();
        int at = random.Next(lines.Count);
        switch (random.Next(7))
        {
            case 0:
                lines.Insert(at, lines[random.Next(lines.Count)]);
                break;
            case 1:
                lines.RemoveAt(at);
                break;
            case 2:
                lines[at] += random.Of(Words);
                break;
            case 3:
                int middle = random.Next(lines[at].Length);
                lines[at] = lines[at][..middle] + random.Of(Words) + lines[at][middle..];
                break;
            case 4:
                var fields = lines[at].Split(',').ToList();
                fields[random.Next(fields.Count)] = random.Chance(2) ? random.Of(Words) : $"{random.Number()}";
                lines[at] = string.Join(',', fields);
                break;
            case 5:
                lines[at] = string.Concat(Enumerable.Repeat(lines[at], 1 + random.Next(20)));
                break;
            default:
                lines.Reverse();
                break;
        }

        byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        return ByteMutation.Bounded(random.Chance(40) ? Encoding.Convert(Encoding.UTF8, Encoding.Unicode, text) : text);
    }

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"|-?[0-9][0-9.eE+-]*|true|false|null|[\\[\\]{}:,]")]
    private static partial Regex Token();
}
