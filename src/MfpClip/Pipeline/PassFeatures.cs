using MfpClip.Execution;
using MfpClip.Imaging;

namespace MfpClip.Pipeline;

/// <summary>Runs a pass, or takes what it gave for these images before: detectors with references share the pass they stand on.</summary>
internal static class PassFeatures
{
    /// <inheritdoc cref="IDetectionPass.Run"/>
    public static (Tensor Map, Tensor Score) Run(IDetectionPass pass, ImageBatch images, string className, Tensor? region, ForwardContext context)
    {
        if (context.Features is not { } store || region is not null || context.Trace is { WantsGrids: true } or { KeepsTensors: true })
        {
            return pass.Run(images, className, region, context);
        }

        var key = new FeatureKey { Network = string.Empty, What = className, Precision = pass.Precision, Device = pass.Device.ToString(), Instance = pass };
        var both = store.Get(key, FeatureInputs.Of(images), () =>
        {
            var (map, score) = pass.Run(images, className, null, context);
            return [map, score];
        });
        return (both[0], both[1]);
    }

    /// <summary>Computes features of images, or takes what the same object computed of them before.</summary>
    /// <param name="owner">What computes; the weights do not change while it lives.</param>
    /// <param name="images">The images.</param>
    /// <param name="context">May hold a store.</param>
    /// <param name="precision">Of the network.</param>
    /// <param name="device">Where.</param>
    /// <param name="compute">The first axis of the result counts images.</param>
    public static Tensor Get(object owner, ImageBatch images, ForwardContext context, ScalarType precision, Device device, Func<Tensor> compute) =>
        context.Features is not { } store ? compute() : store.Get(
            new() { Network = string.Empty, What = "patch features", Precision = precision, Device = device.ToString(), Instance = owner },
            FeatureInputs.Of(images), () => [compute()])[0];
}
