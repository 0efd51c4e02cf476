using MfpClip.Modules.Scoring;
using MfpClip.References;

namespace MfpClip.Methods.SubspaceAd;

/// <summary>Residuals, maps and scores of SubspaceAD from tokens; knows no network.</summary>
/// <param name="options">Checked before.</param>
internal sealed class SubspaceAdScorer(SubspaceAdOptions options)
{
    /// <summary>Mean of the tokens of several layers.</summary>
    /// <param name="layers">Patch tokens, <c>[B, N, D]</c> each, one at least.</param>
    /// <returns><c>[B, N, D]</c>, float32.</returns>
    public static Tensor Average(IReadOnlyList<Tensor> layers)
    {
        using var scope = torch.NewDisposeScope();
        return torch.stack([.. layers.Select(l => l.to_type(ScalarType.Float32))], 0).mean([0]).MoveToOuterDisposeScope();
    }

    /// <summary>How far the patches of images lie from the subspace.</summary>
    /// <param name="tokens"><c>[B, h, w, D]</c>.</param>
    /// <param name="subspace">Of normal tokens.</param>
    /// <returns><c>[B, h, w]</c> in the precision of the tokens.</returns>
    public Tensor Residuals(Tensor tokens, TokenSubspace subspace)
    {
        using var scope = torch.NewDisposeScope();
        var flat = tokens.reshape(-1, tokens.shape[3]);
        return subspace.Residuals(flat, options.Residual, options.DroppedComponents)
            .view(tokens.shape[0], tokens.shape[1], tokens.shape[2]).MoveToOuterDisposeScope();
    }

    /// <summary>The maps of residuals: bilinear, then the Gaussian.</summary>
    /// <param name="residuals"><c>[B, h, w]</c>.</param>
    /// <param name="height">Of the map.</param>
    /// <param name="width">Of the map.</param>
    /// <returns><c>[B, H, W]</c>, float32.</returns>
    public Tensor Map(Tensor residuals, int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        var map = PatchMaps.Resize(residuals, height, width);
        map = options.SmoothingSigma == 0 ? map
            : TensorSmoothing.Separable(map, TensorSmoothing.Kernel(options.SmoothingSigma, options.SmoothingKernel / 2), MapBorder.Reflect);
        return map.to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Scores of images, <c>[B]</c>, from their maps <c>[B, H, W]</c>.</summary>
    public Tensor Score(Tensor maps)
    {
        using var scope = torch.NewDisposeScope();
        return TopFraction.Mean(maps.flatten(1), options.TopFraction).MoveToOuterDisposeScope();
    }
}
