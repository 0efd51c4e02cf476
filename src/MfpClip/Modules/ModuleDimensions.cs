using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Text;

namespace MfpClip.Modules;

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
    /// <summary>Blocks of the vision tower.</summary>
    public int VisionLayers { get; init; }

    /// <summary>Blocks of the text tower.</summary>
    public int TextLayers { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchSize { get; init; }

    /// <summary>The detector's tokenizer, for prompts that bring their own words.</summary>
    public ITokenizer? Tokenizer { get; init; }

    /// <summary>The frozen text tower, for prompts that start from the embeddings of words.</summary>
    public ITextTower? TextTower { get; init; }

    /// <summary>Sizes of a backbone and, where there is one, a CNN.</summary>
    /// <param name="backbone">CLIP model.</param>
    /// <param name="cnn">CNN of I2TP and SP.</param>
    /// <param name="stages">Number of stages that the vision tower is cut into.</param>
    /// <param name="tokenizer">For prompts that bring their own words.</param>
    public static ModuleDimensions Of(IClipBackbone backbone, ICnnFeatureExtractor? cnn, int stages, ITokenizer? tokenizer = null) => new(
        cnn?.FeatureDim ?? 0, cnn?.LevelDims ?? [], backbone.Vision.Width, backbone.Text.Width, backbone.Vision.EmbedDim,
        backbone.Text.ContextLength, stages)
    {
        VisionLayers = backbone.Vision.Layers,
        TextLayers = backbone.Text.Layers,
        PatchSize = backbone.Vision.PatchSize,
        Tokenizer = tokenizer,
        TextTower = backbone.Text,
    };
}
