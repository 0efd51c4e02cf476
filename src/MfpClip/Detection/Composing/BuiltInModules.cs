using System.Runtime.CompilerServices;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Self;
using MfpClip.Modules.Vision;

namespace MfpClip.Detection.Composing;

/// <summary>MFP-CLIP's modules, each with its variants, as factories of their slots and under names for recipes.</summary>
internal static class BuiltInModules
{
    /// <summary>In a recipe, short for a prompt form that is switched off.</summary>
    private const string Off = "off";

    public static ModuleFactory<IVisionEncoder> Vision { get; } = new("staged-encoder", _ => new StagedVisionEncoder());

    public static ModuleFactory<IImageToTextPrompt> ImageToText(ImageToTextPromptOptions o) =>
        new("image-to-text-prompt", d => ImageToTextPrompt.Create(o, d)) { Options = o, Faults = o.Faults };

    public static ModuleFactory<IImageToTextPrompt> LearnedContext(LearnedContextOptions o) =>
        new("learned-context", d => Modules.ImageToText.LearnedContext.Create(o, d)) { Options = o, Faults = o.Faults };

    public static ModuleFactory<ISelfPrompt> Self(SelfPromptOptions o) => new("self-prompt", d => SelfPrompt.Create(o, d)) { Options = o, Faults = o.Faults };

    public static ModuleFactory<IPatchAggregator> MultiPatch(MultiPatchOptions o) =>
        new("multi-patch", d => MultiPatchAggregator.Create(o, d)) { Options = o, Faults = _ => o.Faults() };

    public static ModuleFactory<IMaskPrompt> Mask(MaskPromptOptions o) => new("mask-prompt", d => MaskPrompt.Create(o, d)) { Options = o, Faults = o.Faults };

    public static ModuleFactory<IAnomalyMapGenerator> Map(AnomalyMapOptions o) =>
        new("anomaly-map", _ => new AnomalyMapGenerator(o)) { Options = o, Faults = d => o.Faults(d.Stages) };

    public static ModuleFactory<IAnomalyScorer> Score(AnomalyScoreOptions o) =>
        new("anomaly-score", _ => new AnomalyScorer(o)) { Options = o, Faults = _ => o.Faults() };

#pragma warning disable CA2255 // Recipes may be the first thing that a program uses.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register()
    {
        var registry = DetectorRegistry.Default;
        registry.AddModule<IImageToTextPrompt, ImageToTextPromptOptions>("image-to-text-prompt", ImageToText);
        registry.AddModule<IImageToTextPrompt, LearnedContextOptions>("learned-context", LearnedContext);
        registry.AddModule<ISelfPrompt, SelfPromptOptions>("self-prompt", Self);
        registry.AddModule<IVisionEncoder, NoOptions>("staged-encoder", _ => Vision);
        registry.AddModule<IPatchAggregator, MultiPatchOptions>("multi-patch", MultiPatch);
        registry.AddModule<IMaskPrompt, MaskPromptOptions>("mask-prompt", Mask);
        registry.AddModule<IAnomalyMapGenerator, AnomalyMapOptions>("anomaly-map", Map);
        registry.AddModule<IAnomalyScorer, AnomalyScoreOptions>("anomaly-score", Score);
        registry.AddModule<IImageToTextPrompt, NoOptions>(Off, _ => ImageToText(new() { Variant = ImageToTextVariant.Off }));
        registry.AddModule<ISelfPrompt, NoOptions>(Off, _ => Self(new() { Variant = SelfPromptVariant.Off }));
        registry.AddModule<IPatchAggregator, NoOptions>(Off, _ => MultiPatch(new() { Neighbourhood = 1 }));
        registry.AddModule<IMaskPrompt, NoOptions>(Off, _ => Mask(new() { Variant = MaskPromptVariant.Off }));
    }

    private sealed record NoOptions;
}
