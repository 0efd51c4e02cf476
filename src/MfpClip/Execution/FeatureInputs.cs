using System.Security.Cryptography;
using MfpClip.Imaging;

namespace MfpClip.Execution;

/// <summary>Names images and tensors for a feature store by what they hold.</summary>
internal static class FeatureInputs
{
    public static FeatureInput Of(ImageBatch images) => new($"{images.Width} x {images.Height} px", images.Contents);

    /// <summary>The first axis counts inputs.</summary>
    public static FeatureInput Of(Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var rows = tensor.cpu().contiguous();
        return new(
            $"{tensor.dtype} {string.Join(" x ", tensor.shape.Skip(1))}",
            [.. Enumerable.Range(0, (int)rows.shape[0]).Select(i => Convert.ToHexStringLower(SHA256.HashData(rows[i].contiguous().bytes)))]);
    }
}
