using MfpClip.Backbone;
using MfpClip.Cnn;

namespace MfpClip.Prompts;

/// <summary>Sizes that modules take from the towers and the CNN they are built beside.</summary>
/// <param name="FeatureDim">F, width of the pooled CNN feature; 0 without a CNN.</param>
/// <param name="LevelDims">F_l of each CNN level, shallow to deep; empty without levels.</param>
/// <param name="VisionWidth">D.</param>
/// <param name="TextWidth">d_text.</param>
/// <param name="EmbedDim">C, width of the joint space.</param>
/// <param name="ContextLength">Positions of the text tower.</param>
/// <param name="Stages">Number of stages the vision tower is cut into.</param>
public sealed record ModuleDimensions(
    int FeatureDim, IReadOnlyList<int> LevelDims, int VisionWidth, int TextWidth, int EmbedDim, int ContextLength, int Stages)
{
    /// <summary>Sizes of a backbone and, where there is one, a CNN.</summary>
    internal static ModuleDimensions Of(IClipBackbone backbone, ICnnFeatureExtractor? cnn, int stages) => new(
        cnn?.FeatureDim ?? 0, cnn?.LevelDims ?? [], backbone.Vision.Width, backbone.Text.Width, backbone.Vision.EmbedDim,
        backbone.Text.ContextLength, stages);
}
