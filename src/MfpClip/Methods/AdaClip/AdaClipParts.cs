using MfpClip.Detection;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Vision;

namespace MfpClip.Methods.AdaClip;

/// <summary>
/// AdaCLIP's own parts, to be put into other compositions, for example <c>builder.UseVisionEncoder(d => AdaClipParts.CreateVisionEncoder(d))</c>.
/// The rest of it are options of the common modules.
/// </summary>
public static class AdaClipParts
{
    /// <summary>Its hybrid prompts inside the text tower.</summary>
    /// <param name="dimensions">Sizes, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static IImageToTextPrompt CreatePrompts(ModuleDimensions dimensions, AdaClipOptions? options = null) =>
        new AdaClipTextPrompt(options ?? new(), dimensions);

    /// <summary>Its vision encoder with hybrid prompts.</summary>
    /// <param name="dimensions">Sizes, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static IVisionEncoder CreateVisionEncoder(ModuleDimensions dimensions, AdaClipOptions? options = null) =>
        new AdaClipVisionEncoder(options ?? new(), dimensions);

    /// <summary>Its score with hybrid semantic fusion.</summary>
    /// <param name="dimensions">Sizes, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static IAnomalyScorer CreateScorer(ModuleDimensions dimensions, AdaClipOptions? options = null) =>
        new SemanticFusionScorer(options ?? new(), dimensions);

    internal const string TextPromptsName = "adaclip.text-prompts", VisionEncoderName = "adaclip.vision-encoder", ScorerName = "adaclip.score";

    internal static ModuleFactory<IImageToTextPrompt> Prompts(AdaClipOptions o) =>
        new(TextPromptsName, d => CreatePrompts(d, o)) { Options = o, Faults = o.PromptFaults };

    internal static ModuleFactory<IVisionEncoder> VisionEncoder(AdaClipOptions o) =>
        new(VisionEncoderName, d => CreateVisionEncoder(d, o)) { Options = o, Faults = o.PromptFaults };

    internal static ModuleFactory<IAnomalyScorer> Scorer(AdaClipOptions o) =>
        new(ScorerName, d => CreateScorer(d, o)) { Options = o, Faults = _ => o.ScoreFaults() };
}
