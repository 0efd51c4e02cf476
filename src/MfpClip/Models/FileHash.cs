using System.Security.Cryptography;

namespace MfpClip.Models;

/// <summary>SHA-256 of a file, as lower-case hexadecimal digits.</summary>
internal static class FileHash
{
    public static async Task<string> OfAsync(string path, CancellationToken cancellationToken)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }
}
