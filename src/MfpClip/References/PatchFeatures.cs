using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Pipeline;

namespace MfpClip.References;

/// <summary>
/// From the grids of several stages to one unit vector a cell (PatchCore, arXiv 2106.08265, section 3.1): average over the neighbourhood,
/// bring every stage to the finest grid, join. Each stage counts alike, whatever its size: it is normalised before.
/// </summary>
internal static class PatchFeatures
{
    /// <param name="grids">One for each stage, <c>[B, D_s, h_s, w_s]</c>.</param>
    /// <param name="neighbourhood">Odd side.</param>
    /// <returns>Unit vectors <c>[B, h * w, sum of D_s]</c>, float32; their dot product is the mean cosine of the stages. And the grid.</returns>
    public static (Tensor Vectors, int Rows, int Columns) Join(IReadOnlyList<Tensor> grids, int neighbourhood)
    {
        using var scope = torch.NewDisposeScope();
        var (rows, columns) = (grids.Max(g => g.shape[2]), grids.Max(g => g.shape[3]));
        var parts = grids.Select(g =>
        {
            var x = g.to_type(ScalarType.Float32);
            x = neighbourhood == 1 ? x : F.avg_pool2d(x, neighbourhood, stride: 1, padding: neighbourhood / 2, count_include_pad: false);
            x = x.shape[2] == rows && x.shape[3] == columns ? x : F.interpolate(
                x, [rows, columns], mode: torch.InterpolationMode.Bilinear, align_corners: false);
            return F.normalize(x, p: 2, dim: 1);
        }).ToList();
        var joined = torch.cat(parts, 1).div(Math.Sqrt(parts.Count));
        return (joined.flatten(2).transpose(1, 2).contiguous().MoveToOuterDisposeScope(), (int)rows, (int)columns);
    }
}

/// <summary>Convolutional maps of a pass's vision tower, for comparing images with images.</summary>
internal static class StemFeatures
{
    /// <summary>Standardised maps, <c>[B, C, h, w]</c> each, in the caller's scope; <see langword="null"/> where the tower has no frozen stem.</summary>
    public static IReadOnlyList<Tensor>? Compared(IDetectionPass pass, ImageBatch images, ForwardContext context)
    {
        if (pass.GetService<IVisionBackbone>() is not { } backbone || backbone.Vision.GetService<IFrozenStem>() is not { } stem)
        {
            return null;
        }

        using var image = new ImageContext(backbone, null, images, new([backbone.Vision.Layers]), context);
        return stem.Standardize(image.StemMaps!);
    }
}
