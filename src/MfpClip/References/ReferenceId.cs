using System.Security.Cryptography;

namespace MfpClip.References;

/// <summary>Which image it is, from its pixels: the same in whatever file, under whatever name.</summary>
internal static class ReferenceId
{
    /// <summary>First 16 hexadecimal digits of the SHA-256 of width and pixels.</summary>
    public static string Of(RgbImage pixels)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(pixels.Width));
        hash.AppendData(pixels.Data);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
