using MfpClip.Data.Procedural;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Evaluation.Baselines;

/// <summary>
/// One minus the mean cosine of each place to its nearest own places, on the features of another pass: what is rare in an image is far from
/// everything else in it. Owns that pass.
/// </summary>
internal sealed class SelfComparisonPass(IDetectionPass inner, SelfComparisonOptions options) : IDetectionPass
{
    // Held for good: TorchSharp lets a number that was converted on the spot be collected while native code still reads it.
    private static readonly Scalar Lowest = -1, Zero = 0, Half = 0.5, One = 1;

    public string Method => "self-comparison of frozen features";

    public IReadOnlyList<StageDescription> Stages { get; } =
    [
        .. inner.Stages.Where(s => s.Stage == "backbone"),
        new()
        {
            Stage = "anomaly map", Component = "cosine distance to the nearest own places",
            Options = new Dictionary<string, string>
            {
                ["features"] = "convolutional maps, or patch tokens of all stages where there are none, as in the memory bank",
                ["neighbourhood"] = FormattableString.Invariant($"{options.Neighbourhood}"),
                ["shares"] = string.Join(", ", options.Fractions.Select(s => FormattableString.Invariant($"{100 * s} %"))),
            },
        },
        new()
        {
            Stage = "anomaly score", Component = "mean of the map's highest cells",
            Options = new Dictionary<string, string> { ["top_cells"] = FormattableString.Invariant($"{options.TopCells}") },
        },
    ];

    public Device Device => inner.Device;

    public ScalarType Precision => inner.Precision;

    public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (vectors, rows, columns) = PatchFeatures.Join(Grids(images, className, context), options.Neighbourhood); // [B, N, D]
        var separate = NonOverlapping(rows, columns, vectors.device);
        var maps = new List<Tensor>();
        for (long b = 0; b < vectors.shape[0]; b++)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            maps.Add(Distances(vectors[b], separate));
        }

        var cells = torch.stack(maps, 0).view(-1, 1, rows, columns);
        var map = F.interpolate(cells, [images.Height, images.Width], mode: torch.InterpolationMode.Bilinear, align_corners: false).squeeze(1);
        map = region is null ? map : map * region.to(map.device);
        var inside = region is null ? cells : cells * F.adaptive_max_pool2d(region.to(map.device).unsqueeze(1), [rows, columns]);
        var score = inside.flatten(1).topk(Math.Min(options.TopCells, rows * columns), dim: 1).values.mean([1]);
        context.Trace?.Finish("self-comparison");
        return (map.MoveToOuterDisposeScope(), score.MoveToOuterDisposeScope());
    }

    public void Dispose() => inner.Dispose();

    private IReadOnlyList<Tensor> Grids(ImageBatch images, string className, ForwardContext context)
    {
        if (StemFeatures.Compared(inner, images, context) is { } maps)
        {
            return maps;
        }

        var trace = context.Trace ?? new ForwardTrace();
        trace.WantsGrids = true;
        inner.Run(images, className, null, context with { Trace = trace });
        return trace.Grids.Count > 0 ? trace.Grids : throw new DetectorConfigurationException([$"{inner.Method} gives no patch tokens to compare."]);
    }

    /// <summary>Half of one minus the mean cosine to the nearest places, mean over the shares, <c>[N]</c> from 0 to 1.</summary>
    private Tensor Distances(Tensor x, Tensor separate)
    {
        using var scope = torch.NewDisposeScope();
        var cosine = MatrixProduct.Of(x, x.t()).masked_fill(separate.logical_not(), Lowest); // [N, N]
        long N = x.shape[0], others = Math.Max(1, separate.sum(1).min().item<long>());
        var counts = options.Fractions.Select(s => Math.Clamp((long)Math.Round(s * N), 1, others)).ToList();
        var nearest = cosine.topk((int)counts.Max(), dim: 1).values; // falling
        var mean = torch.stack([.. counts.Select(k => nearest.narrow(1, 0, k).mean([1]))], 0).mean([0]);
        return (torch.ones_like(mean) - mean).mul(Half).clamp(Zero, One).MoveToOuterDisposeScope();
    }

    // Whether two places are far enough from each other that their neighbourhoods do not overlap, [N, N].
    private Tensor NonOverlapping(int rows, int columns, Device device)
    {
        using var scope = torch.NewDisposeScope();
        var row = torch.arange(rows, device: device).repeat_interleave(columns);
        var column = torch.arange(columns, device: device).repeat(rows);
        return (row.unsqueeze(1) - row.unsqueeze(0)).abs().ge(options.Neighbourhood)
            .logical_or((column.unsqueeze(1) - column.unsqueeze(0)).abs().ge(options.Neighbourhood)).MoveToOuterDisposeScope();
    }
}
