using MfpClip.Detection;
using MfpClip.Modules;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Vision;

namespace MfpClip.Methods.AnomalyClip;

/// <summary>
/// AnomalyCLIP's own parts, to be put into other compositions, for example
/// <c>builder.UseImageToTextPrompt(d => AnomalyClipParts.CreatePrompts(d))</c>. The rest of it are options of the common modules.
/// </summary>
public static class AnomalyClipParts
{
    /// <summary>Its object-agnostic learned text prompts.</summary>
    /// <param name="dimensions">Sizes and tokenizer, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static IImageToTextPrompt CreatePrompts(ModuleDimensions dimensions, AnomalyClipOptions? options = null) =>
        new ObjectAgnosticPrompt(options ?? new(), dimensions);

    /// <summary>Its vision encoder with v-v attention in the last blocks (DPAM).</summary>
    /// <param name="dimensions">Sizes, as the builder hands them over.</param>
    /// <param name="options">Settings; <see langword="null"/>: the authors'.</param>
    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public static IVisionEncoder CreateVisionEncoder(ModuleDimensions dimensions, AnomalyClipOptions? options = null) =>
        new DualPathVisionEncoder(options ?? new(), dimensions);

    internal const string TextPromptsName = "anomalyclip.text-prompts", VisionEncoderName = "anomalyclip.vision-encoder";

    internal static ModuleFactory<IImageToTextPrompt> Prompts(AnomalyClipOptions o) =>
        new(TextPromptsName, d => CreatePrompts(d, o)) { Options = o, Faults = o.PromptFaults };

    internal static ModuleFactory<IVisionEncoder> VisionEncoder(AnomalyClipOptions o) =>
        new(VisionEncoderName, d => CreateVisionEncoder(d, o)) { Options = o, Faults = o.VisionFaults };
}
