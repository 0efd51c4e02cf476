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
        return Text(hash);
    }

    /// <summary>The same of an image that comes by rows, all of which are read.</summary>
    public static string Of(IImageRowReader rows, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(rows.Width));
        var row = new byte[rows.Width * 3];
        for (int y = 0; y < rows.Height; y++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Read(row);
            hash.AppendData(row);
        }

        return Text(hash);
    }

    private static string Text(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
}
