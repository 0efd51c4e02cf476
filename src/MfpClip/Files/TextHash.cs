using System.Security.Cryptography;
using System.Text;

namespace MfpClip.Files;

/// <summary>One number for a text: SHA-256 of its UTF-8, lower-case hexadecimal.</summary>
internal static class TextHash
{
    public static string Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
