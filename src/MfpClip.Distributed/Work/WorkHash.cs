using System.Security.Cryptography;
using System.Text;

namespace MfpClip.Distributed;

/// <summary>One hash over several texts: SHA-256, lower-case hexadecimal. Lengths count, so that no two lists of texts are one.</summary>
internal static class WorkHash
{
    private const int Digits = 64;

    public static string Of(params ReadOnlySpan<string> texts)
    {
        var all = new StringBuilder();
        foreach (string text in texts)
        {
            all.Append(text.Length).Append(':').Append(text).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())));
    }

    /// <summary>Whether a text can be a SHA-256.</summary>
    public static bool IsHash(string? text) => text is { Length: Digits } && text.All(char.IsAsciiHexDigitLower);
}
