namespace MfpClip.Modules.Scoring;

/// <summary>From a grid of values to a map of pixels.</summary>
internal static class PatchMaps
{
    /// <summary>Bilinear with half-pixel centres, clamped at the edges, without antialias (cv2.resize, align_corners off), or nearest.</summary>
    /// <param name="grid"><c>[B, h, w]</c>.</param>
    /// <param name="height">Of the map.</param>
    /// <param name="width">Of the map.</param>
    /// <param name="interpolation"><see cref="MapInterpolation.Nearest"/> takes the value at <c>floor(i * h / H)</c>.</param>
    /// <returns><c>[B, H, W]</c>, float64 for bilinear.</returns>
    public static Tensor Resize(Tensor grid, int height, int width, MapInterpolation interpolation = MapInterpolation.Bilinear)
    {
        using var scope = torch.NewDisposeScope();
        var x = grid.unsqueeze(1);
        var map = interpolation == MapInterpolation.Bilinear
            ? F.interpolate(x.to_type(ScalarType.Float64), [height, width], mode: torch.InterpolationMode.Bilinear, align_corners: false)
            : F.interpolate(x, [height, width], mode: torch.InterpolationMode.Nearest);
        return map.squeeze(1).MoveToOuterDisposeScope();
    }
}

/// <summary>How a grid of patch values becomes a map of pixels.</summary>
public enum MapInterpolation
{
    /// <summary>Between the centres of the patches.</summary>
    Bilinear,

    /// <summary>The value of the patch that a pixel lies in.</summary>
    Nearest,
}
