using System.Text.Json;
using MfpClip.Execution;
using MfpClip.Files;

namespace MfpClip.Training;

/// <summary>Features of a detector's frozen networks, kept on disk while it trains and while it is tested.</summary>
internal static class FrozenFeatures
{
    /// <summary>
    /// Switches the cache that the options name on for the calling thread; nothing where they name none, or where nothing is frozen before something trained.
    /// </summary>
    public static FrozenFeatureCache.Scope Enter(ZeroShotDetector detector, TrainerOptions? options) =>
        options?.FeatureCacheFolder is { } folder && detector.Pass.Trainable is { } method
            ? FrozenFeatureCache.Enter(new FrozenFeatureCache(folder, options.FeatureCacheBytes, NetworksHash(detector, method)))
            : default;

    // Weights and settings of the frozen networks, but not of the modules: rows of an ablation share features.
    private static string NetworksHash(ZeroShotDetector detector, ITrainableMethod method)
    {
        string options = JsonSerializer.Serialize(
            detector.Description.Stages.Where(s => s.Id is "backbone" or "cnn").Select(s => new { s.Id, s.Implementation, s.Settings }), ReflectedJson.Options);
        return $"{WeightsHash.Of(method.FrozenWeights)}|{TextHash.Of(options)}";
    }
}
