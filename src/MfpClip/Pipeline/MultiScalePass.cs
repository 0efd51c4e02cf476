using System.Globalization;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;

namespace MfpClip.Pipeline;

/// <summary>
/// Any method's pass over the same images at several sizes: maps and scores are averaged. What a small defect needs in detail a large one needs
/// in surroundings. Owns the inner pass.
/// </summary>
internal sealed class MultiScalePass(IDetectionPass inner, IReadOnlyList<double> scales, int patch) : DelegatingDetectionPass(inner)
{
    /// <summary>Smallest and largest scale.</summary>
    public const double Smallest = 0.25, Largest = 4;

    public override IReadOnlyList<StageDescription> Stages { get; } =
    [
        .. inner.Stages,
        new StageDescription
        {
            Id = "scales", Implementation = "mean", Settings = SettingsJson.Of(new { scales }), Stage = "scales",
            Component = "maps and scores of several image sizes, averaged",
            Options = new Dictionary<string, string> { ["scales"] = string.Join(", ", scales.Select(s => s.ToString("0.###", CultureInfo.InvariantCulture))) },
        },
    ];

    /// <summary>What is wrong with a choice of scales.</summary>
    public static IEnumerable<string> Faults(IReadOnlyList<double> scales)
    {
        if (scales.Count == 0 || scales.Any(s => !(s is >= Smallest and <= Largest)) || scales.Distinct().Count() < scales.Count || !scales.Contains(1))
        {
            string given = string.Join(", ", scales.Select(v => v.ToString(CultureInfo.InvariantCulture)));
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The scales are [{given}]; they must differ, lie from {Smallest} to {Largest}, and 1 must be among them.");
        }
    }

    public override (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        long H = images.Height, W = images.Width;
        var (map, score) = Inner.Run(images, className, region, context);
        context.Trace?.Start();
        var sum = map.to_type(ScalarType.Float32);
        var total = score.to_type(ScalarType.Float32);
        foreach (double scale in scales.Where(s => s != 1))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            long h = Side(H, scale), w = Side(W, scale);
            var smaller = region is null ? null : F.interpolate(region.unsqueeze(1), [h, w], mode: torch.InterpolationMode.Nearest).squeeze(1);
            using var resized = ImageBatch.FromPixels(Resize(images.Pixels(torch.CPU), h, w));
            var (m, s) = Inner.Run(resized, className, smaller, context.Untraced);
            sum = sum + F.interpolate(m.to_type(ScalarType.Float32)
                .unsqueeze(1), [sum.shape[1], sum.shape[2]], mode: torch.InterpolationMode.Bilinear, align_corners: false).squeeze(1);
            total = total + s.to_type(ScalarType.Float32);
        }

        map = sum / scales.Count;
        map = region is null ? map : map * RegionOf(region, map);
        context.Trace?.Finish("other scales");
        return (map.MoveToOuterDisposeScope(), (total / scales.Count).MoveToOuterDisposeScope());
    }

    public override void Dispose() => Inner.Dispose();

    // A pass may give its map at another resolution than the images': a cell counts where any pixel of it lies inside.
    private static Tensor RegionOf(Tensor region, Tensor map) => region.shape[1] == map.shape[1] && region.shape[2] == map.shape[2] ? region.to(map.device)
        : F.adaptive_max_pool2d(region.to(map.device).unsqueeze(1), [map.shape[1], map.shape[2]]).squeeze(1);

    // A multiple of the patch, at least one.
    private long Side(long side, double scale) => Math.Max(1, (long)Math.Round(side * scale / patch)) * patch;

    /// <summary>Resizes with a triangle filter that widens when shrinking, so that fine patterns do not alias.</summary>
    /// <param name="images"><c>[B, 3, H, W]</c>.</param>
    /// <param name="h">Rows wanted.</param>
    /// <param name="w">Columns wanted.</param>
    internal static Tensor Resize(Tensor images, long h, long w)
    {
        using var scope = torch.NewDisposeScope();
        var rows = Triangle(images.shape[2], h).to(images.device);
        var columns = Triangle(images.shape[3], w).to(images.device);
        return MatrixProduct.Of(MatrixProduct.Of(rows, images.to_type(ScalarType.Float32)), columns.t()).MoveToOuterDisposeScope();
    }

    // Weights of every source place for every target place, [target, source]; rows sum to 1.
    private static Tensor Triangle(long source, long target)
    {
        float[] weights = new float[target * source];
        double step = (double)source / target, reach = Math.Max(1, step);
        for (long t = 0; t < target; t++)
        {
            double centre = ((t + 0.5) * step) - 0.5, sum = 0;
            for (long s = Math.Max(0, (long)Math.Ceiling(centre - reach)); s < source && s < centre + reach; s++)
            {
                sum += 1 - (Math.Abs(s - centre) / reach);
            }

            for (long s = Math.Max(0, (long)Math.Ceiling(centre - reach)); s < source && s < centre + reach; s++)
            {
                weights[(t * source) + s] = (float)((1 - (Math.Abs(s - centre) / reach)) / sum);
            }
        }

        return torch.tensor(weights, [target, source]);
    }
}
