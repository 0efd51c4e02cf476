using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace MfpClip.Text;

/// <summary>
/// Decodes HTML entities the way Python's html.unescape does: a missing semicolon is forgiven for numbers and for the Latin-1 names.
/// Knows the 253 names of HTML 4 (those of <see cref="WebUtility"/>); other names stay as they are.
/// </summary>
internal static partial class HtmlEntities
{
    // What Windows-1252 has at 0x80 to 0x9f, which HTML reads numeric references of that range as.
    private const string Windows1252 =
        "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
        + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

    public static string Decode(string text) =>
        text.Contains('&', StringComparison.Ordinal) ? Reference().Replace(text, m => Replace(m.Groups[1].Value)) : text;

    private static string Replace(string body)
    {
        if (body[0] == '#')
        {
            return Number(body);
        }

        if (body[^1] == ';' && Named(body[..^1]) is { } whole)
        {
            return whole;
        }

        for (int length = body.Length; length > 1; length--)
        {
            if (Named(body[..length]) is { Length: 1 } prefix && (prefix[0] is '&' or '<' or '>' or '"' || prefix[0] is >= '\u00a0' and <= '\u00ff')
                && body[..length] != "apos")
            {
                return prefix + body[length..];
            }
        }

        return "&" + body;
    }

    private static string? Named(string name)
    {
        string entity = $"&{name switch { "AMP" => "amp", "LT" => "lt", "GT" => "gt", "QUOT" => "quot", "COPY" => "copy", "REG" => "reg", _ => name }};";
        string decoded = WebUtility.HtmlDecode(entity);
        return decoded != entity ? decoded : null;
    }

    private static string Number(string body)
    {
        bool hexadecimal = body.Length > 1 && body[1] is 'x' or 'X';
        string digits = body[(hexadecimal ? 2 : 1)..].TrimEnd(';');
        if (!ulong.TryParse(digits, hexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out ulong code))
        {
            return "\ufffd";
        }

        return code switch
        {
            0 or (>= 0xD800 and <= 0xDFFF) or > 0x10FFFF => "\ufffd",
            0x0D => "\r",
            >= 0x80 and <= 0x9f => Windows1252[(int)code - 0x80].ToString(),
            (< 0x20 and not (0x09 or 0x0a or 0x0c)) or 0x7f or (>= 0xfdd0 and <= 0xfdef) => string.Empty,
            _ when (code & 0xfffe) == 0xfffe => string.Empty,
            _ => new Rune((uint)code).ToString(),
        };
    }

    [GeneratedRegex(@"&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")]
    private static partial Regex Reference();
}
