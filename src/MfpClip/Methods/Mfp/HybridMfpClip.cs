using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Text;

namespace MfpClip.Methods.Mfp;

/// <summary>The MFP-CLIP modules as they are trained together with a hybrid backbone, in one place for training and for use.</summary>
public static class HybridMfpClip
{
    /// <summary>Side at which the CNN of I2TP and SP reads: a global feature needs no more, and it costs a quarter.</summary>
    public const int CnnInputSize = 160;

    /// <summary>I2TP.</summary>
    public static ImageToTextPromptOptions ImageToText { get; } = new();

    /// <summary>SP.</summary>
    public static SelfPromptOptions Self { get; } = new() { Variant = SelfPromptVariant.Levels };

    /// <summary>MPFA.</summary>
    public static MultiPatchOptions MultiPatch { get; } = new();

    /// <summary>MP.</summary>
    public static MaskPromptOptions Mask { get; } = new();

    /// <summary>A small joint space separates states by larger angles than CLIP's: a lower tau.</summary>
    /// <remarks>Smoothed as the compared methods do; it changes the map alone, not the score.</remarks>
    public static AnomalyMapOptions Map { get; } = new() { Tau = 20, Upsampling = MapUpsampling.AfterSoftmax, SmoothingSigma = 4 };

    /// <summary>The score.</summary>
    public static AnomalyScoreOptions Score { get; } = new() { Strategy = ScoreStrategy.HalfAndHalfOfTop, Tau = 20 };

    /// <summary>The ensemble of sentences that is used; training draws from it.</summary>
    public static PromptTemplates Templates { get; } = new()
    {
        Templates = ["a photo of [state]", "a close-up of [state]"],
        NormalStates = ["a normal [object]", "a good [object]", "a [object] without defect"],
        AbnormalStates = ["an abnormal [object]", "a damaged [object]", "a [object] with a defect"],
    };

    /// <summary>Sets everything but the backbone.</summary>
    /// <param name="builder">Where to set it.</param>
    /// <param name="imageSize">Side of the input in pixels.</param>
    /// <param name="seed">Of the modules' initialization, where they are not loaded.</param>
    public static ZeroShotDetectorBuilder Apply(ZeroShotDetectorBuilder builder, int imageSize, long seed = 0) => builder
        .UseImageToTextPrompt(ImageToText with { Seed = seed }).UseSelfPrompt(Self with { Seed = seed }).UseMultiPatch(MultiPatch with { Seed = seed })
            .UseMaskPrompt(Mask with { Seed = seed })
        .UseAnomalyMap(Map).UseAnomalyScore(Score).WithPromptTemplates(Templates).WithImageSize(imageSize);
}
