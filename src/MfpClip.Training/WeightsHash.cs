using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MfpClip.Training;

/// <summary>One number for many tensors: SHA-256 over names, precisions, shapes and values.</summary>
internal static class WeightsHash
{
    public static string Of(IEnumerable<KeyValuePair<string, Tensor>> weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, tensor) in weights)
        {
            using var scope = torch.NewDisposeScope();
            string shape = string.Join(',', tensor.shape.Select(n => n.ToString(CultureInfo.InvariantCulture)));
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}|{tensor.dtype}|{shape}\n"));
            hash.AppendData(tensor.detach().cpu().contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
