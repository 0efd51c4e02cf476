namespace MfpClip.Imaging;

/// <summary>Pixels as the towers take them.</summary>
internal static class PixelTensor
{
    /// <summary>Images of one size as <c>[B, 3, H, W]</c> float32: <c>(pixel / 255 - mean) / std</c>.</summary>
    public static Tensor Normalized(IReadOnlyList<RgbImage> images, float[] mean, float[] std)
    {
        using var scope = torch.NewDisposeScope();
        var stacked = torch.stack(images.Select(i => torch.tensor(i.Data, [i.Height, i.Width, 3]).permute(2, 0, 1)), 0);
        return stacked.to_type(ScalarType.Float32).div(255)
            .sub(torch.tensor(mean).view(1, 3, 1, 1)).div(torch.tensor(std).view(1, 3, 1, 1)).contiguous().MoveToOuterDisposeScope();
    }
}
