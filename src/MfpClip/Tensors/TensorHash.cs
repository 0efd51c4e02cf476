using System.Security.Cryptography;
using System.Text;

namespace MfpClip.Tensors;

/// <summary>One number for many tensors: SHA-256, lower-case hexadecimal. Files hold these values, so that the recipes are fixed.</summary>
internal static class TensorHash
{
    /// <summary>Over names and values, in the order given.</summary>
    public static string Of(IEnumerable<KeyValuePair<string, Tensor>> tensors) => Of(tensors.Select(t => (Encoding.UTF8.GetBytes(t.Key), t.Value)));

    /// <summary>Over values alone, in the order given.</summary>
    public static string OfValues(IEnumerable<Tensor> tensors) => Of(tensors.Select(t => (Array.Empty<byte>(), t)));

    private static string Of(IEnumerable<(byte[] Prefix, Tensor Tensor)> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (prefix, tensor) in parts)
        {
            using var scope = torch.NewDisposeScope();
            hash.AppendData(prefix);
            hash.AppendData(tensor.detach().cpu().contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
