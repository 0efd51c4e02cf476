using MfpClip.Backbones;
using MfpClip.Tensors;

namespace MfpClip.Modules.MultiPatch;

/// <summary>
/// MPFA (docs/method.md section 4; given by the paper): <c>Z_i = Linear_i(E_i)</c> on the patch tokens, then the average over the N x N
/// neighbourhood of each position, stride 1, same size, borders averaging only what exists.
/// </summary>
internal sealed class MultiPatchAggregator : WeightedModule, IPatchAggregator
{
    private readonly PatchProjection _projection;
    private readonly int _n;

    private MultiPatchAggregator(MultiPatchOptions options, ModuleDimensions dimensions)
    {
        (_projection, _n) = (options.Projection, options.Neighbourhood);
        if (_projection == PatchProjection.Linear)
        {
            var start = new ParameterInitializer(options.Seed);
            for (var stage = 1; stage <= dimensions.Stages; stage++)
            {
                Parameters.AddLinear(start, CheckpointPrefix, $"linear{stage}", dimensions.VisionWidth, dimensions.EmbedDim);
            }
        }
    }

    /// <inheritdoc/>
    public override string CheckpointPrefix => "mpfa";

    /// <summary>A module with initialization from the seed, on the CPU in float32.</summary>
    /// <exception cref="DetectorConfigurationException">The options are not valid.</exception>
    public static MultiPatchAggregator Create(MultiPatchOptions options, ModuleDimensions dimensions)
    {
        var faults = options.Faults().ToList();
        return faults.Count > 0 ? throw new DetectorConfigurationException(faults) : new(options, dimensions);
    }

    /// <inheritdoc/>
    public Tensor Project(int stage, Tensor patchTokens, int rows, int columns, IVisionTower vision)
    {
        using var scope = torch.NewDisposeScope();
        var z = _projection == PatchProjection.Linear
            ? Parameters.Linear($"linear{stage}", patchTokens)
            : Enter(vision.Project(patchTokens)); // [B, N, C]
        return z.transpose(1, 2).reshape(z.shape[0], z.shape[2], rows, columns).MoveToOuterDisposeScope(); // [B, C, g, g']
    }

    /// <inheritdoc/>
    public Tensor Aggregate(Tensor projected) => _n == 1 ? projected.alias()
        : NeighbourhoodMean.Serves(projected) ? NeighbourhoodMean.Apply(projected, _n)
        : F.avg_pool2d(Ordered(projected), _n, stride: 1, padding: _n / 2, ceil_mode: false, count_include_pad: false);

    // With channels last and padding the gradient on CUDA is wrong in libtorch (its issue 188344).
    private static Tensor Ordered(Tensor z) => z.device.type == DeviceType.CUDA && torch.is_grad_enabled() ? z.contiguous() : z;

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "multi-patch feature aggregation (MPFA)",
        Component = _projection == PatchProjection.Linear ? "linear layer for each stage" : "CLIP projection",
        Options = new Dictionary<string, string> { ["neighbourhood"] = Text($"{_n} x {_n}") },
    };
}
