using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;

namespace MfpClip.Methods.Mfp;

/// <summary>
/// MFP-CLIP's own modules, to be wrapped or put into other compositions, for example
/// <c>builder.UseMaskPrompt(d => new MyMaskPrompt(MfpClipParts.CreateMaskPrompt(d)))</c> with a class derived from <see cref="DelegatingMaskPrompt"/>.
/// </summary>
public static class MfpClipParts
{
    /// <summary>I2TP.</summary>
    /// <param name="dimensions">Sizes, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static IImageToTextPrompt CreateImageToTextPrompt(ModuleDimensions dimensions, ImageToTextPromptOptions? options = null) =>
        ImageToTextPrompt.Create(options ?? new(), dimensions);

    /// <summary>SP.</summary>
    /// <param name="dimensions">Sizes, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static ISelfPrompt CreateSelfPrompt(ModuleDimensions dimensions, SelfPromptOptions? options = null) =>
        SelfPrompt.Create(options ?? new(), dimensions);

    /// <summary>No SP.</summary>
    public static ISelfPrompt CreateNoSelfPrompt() => new NoSelfPrompt();

    /// <summary>MPFA.</summary>
    /// <param name="dimensions">Sizes, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static IPatchAggregator CreateMultiPatch(ModuleDimensions dimensions, MultiPatchOptions? options = null) =>
        MultiPatchAggregator.Create(options ?? new(), dimensions);

    /// <summary>MP.</summary>
    /// <param name="dimensions">Sizes, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static IMaskPrompt CreateMaskPrompt(ModuleDimensions dimensions, MaskPromptOptions? options = null) =>
        MaskPrompt.Create(options ?? new(), dimensions);

    /// <summary>The vision encoder: the tower in stages, with SP's tokens.</summary>
    public static IVisionEncoder CreateVisionEncoder() => new StagedVisionEncoder();

    /// <summary>The anomaly map.</summary>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    /// <exception cref="DetectorConfigurationException">The settings are wrong.</exception>
    public static IAnomalyMapGenerator CreateAnomalyMap(AnomalyMapOptions? options = null) => new AnomalyMapGenerator(options ?? new());

    /// <summary>The anomaly score.</summary>
    /// <param name="options">Settings; <see langword="null"/>: the paper's.</param>
    /// <exception cref="DetectorConfigurationException">The settings are wrong.</exception>
    public static IAnomalyScorer CreateAnomalyScore(AnomalyScoreOptions? options = null) => new AnomalyScorer(options ?? new());
}
