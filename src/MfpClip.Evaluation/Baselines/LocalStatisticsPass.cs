using System.Globalization;
using MfpClip.Data.Procedural;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules.Scoring;
using MfpClip.Pipeline;

namespace MfpClip.Evaluation.Baselines;

/// <summary>
/// The classical baseline: at several scales colour, gradient, Laplacian and deviation of every pixel, and their Mahalanobis distance to the
/// image's own distribution, smoothed.
/// </summary>
internal sealed class LocalStatisticsPass(LocalStatisticsOptions options) : IDetectionPass
{
    // Where a distance is shown as 1/2: three times the root mean square of all pixels of the image.
    private const double Middle = 3;

    public string Method => "local statistics (classical)";

    public IReadOnlyList<StageDescription> Stages { get; } =
    [
        new()
        {
            Stage = "features", Component = "colour, gradient, Laplacian and deviation of every pixel",
            Options = new Dictionary<string, string> { ["scales"] = string.Join(", ", options.Scales.Select(s => s.ToString(CultureInfo.InvariantCulture))) },
        },
        new()
        {
            Stage = "anomaly map", Component = "Mahalanobis distance to the image's own distribution",
            Options = new Dictionary<string, string> { ["smoothing"] = FormattableString.Invariant($"Gaussian, sigma {options.SmoothingSigma} px") },
        },
        new()
        {
            Stage = "anomaly score", Component = "mean of the map's highest values",
            Options = new Dictionary<string, string> { ["share"] = FormattableString.Invariant($"{options.TopPercent} %") },
        },
    ];

    public Device Device => torch.CPU;

    public ScalarType Precision => ScalarType.Float32;

    public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (maps, scores) = (new List<Tensor>(), new List<Tensor>());
        var pixels = images.Pixels(torch.CPU);
        for (long b = 0; b < images.Count; b++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            var (map, score) = One(pixels[b], region?[b]);
            maps.Add(map);
            scores.Add(score);
        }

        context.Trace?.Finish("local statistics");
        return (torch.stack(maps, 0).MoveToOuterDisposeScope(), torch.stack(scores, 0).MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
    }

    private (Tensor Map, Tensor Score) One(Tensor image, Tensor? region)
    {
        using var scope = torch.NewDisposeScope();
        var features = LocalFeatures.Of(image, options.Scales); // [F, H, W]
        var distance = Mahalanobis.ToOwnDistribution(features.flatten(1)).view(1, image.shape[1], image.shape[2]);
        var smooth = options.SmoothingSigma == 0 ? distance : TensorSmoothing.Gaussian(distance, options.SmoothingSigma);
        var map = ToUnitInterval(smooth.squeeze(0), features.shape[0]);
        map = region is null ? map : map * region;
        long k = Math.Max(1, (long)Math.Round(map.numel() * options.TopPercent / 100));
        return (map.MoveToOuterDisposeScope(), map.flatten().topk((int)k, dim: 0).values.mean().MoveToOuterDisposeScope());
    }

    // The squared distances of all pixels have the mean F, the number of features, whatever the image: strictly rising to [0, 1).
    private static Tensor ToUnitInterval(Tensor distance, long features)
    {
        using var scope = torch.NewDisposeScope();
        using Scalar middle = Middle * Math.Sqrt(features);
        return (distance / distance.add(middle)).MoveToOuterDisposeScope();
    }
}
