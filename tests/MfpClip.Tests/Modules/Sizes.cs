using MfpClip.Modules;
using MfpClip.Tests.Backbones;

namespace MfpClip.Tests.Modules;

internal static class Sizes
{
    /// <summary>Sizes of the fake towers and the fake CNN.</summary>
    public static ModuleDimensions Small { get; } = new(
        FeatureDim: 6, LevelDims: [3, 3, 6], FakeBackbone.VisionWidth, FakeBackbone.TextWidth, FakeBackbone.EmbedDim, ContextLength: 12, Stages: 4);

    public static IEnumerable<string> Names(this IDetectorModule module) => module.Weights.Select(w => w.Key);

    public static Tensor Get(this IDetectorModule module, string name) => module.Weights.Single(w => w.Key == name).Value;

    /// <summary>Fills every tensor of a module with fixed values, so that nothing is zero by initialisation.</summary>
    public static void Fill(this IDetectorModule module, int seed = 77)
    {
        using var guard = torch.no_grad();
        foreach (var (_, w) in module.Weights)
        {
            using var values = FakeBackbone.Values(seed++, w.dtype, w.shape);
            w.copy_(values);
        }
    }
}
