using System.Runtime.CompilerServices;
using MfpClip.Detection;
using MfpClip.Methods.AdaClip;
using MfpClip.Methods.AnomalyClip;
using MfpClip.Methods.AnomalyDino;
using MfpClip.Methods.AprilGan;
using MfpClip.Methods.Mfp;
using MfpClip.Methods.PatchCore;
using MfpClip.Methods.SubspaceAd;
using MfpClip.Methods.WinClip;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Scoring;
using MfpClip.Modules.Vision;

namespace MfpClip.Methods;

/// <summary>Makes this library's methods known by name, in the order of the paper's table 1.</summary>
internal static class BuiltInMethods
{
#pragma warning disable CA2255 // The registry must know them before a program's first call.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register()
    {
        var registry = DetectorRegistry.Default;
        registry.AddMethod(WinClipMethod.About, (WinClipOptions o) => new WinClipMethod(o));
        registry.AddMethod(AprilGanMethod.About, (AprilGanOptions o) => new AprilGanMethod(o), (o, seed) => o with { Seed = seed });
        registry.AddMethod(AnomalyClipMethod.About, (AnomalyClipOptions o) => new AnomalyClipMethod(o), (o, seed) => o with { Seed = seed });
        registry.AddMethod(AdaClipMethod.About, (AdaClipOptions o) => new AdaClipMethod(o), (o, seed) => o with { Seed = seed });
        registry.AddMethod(MfpClipMethod.About, (MfpClipMethodOptions o) => new MfpClipMethod(o), (o, seed) => o.WithSeed(seed));
        registry.AddMethod(PatchCoreMethod.About, (PatchCoreOptions o) => new PatchCoreMethod(o), (o, seed) => o with { Seed = seed });
        registry.AddMethod(AnomalyDinoMethod.About, (AnomalyDinoOptions o) => new AnomalyDinoMethod(o));
        registry.AddMethod(SubspaceAdMethod.About, (SubspaceAdOptions o) => new SubspaceAdMethod(o), (o, seed) => o with { Seed = seed });
        registry.AddModule<IImageToTextPrompt, AnomalyClipOptions>(AnomalyClipParts.TextPromptsName, AnomalyClipParts.Prompts);
        registry.AddModule<IVisionEncoder, AnomalyClipOptions>(AnomalyClipParts.VisionEncoderName, AnomalyClipParts.VisionEncoder);
        registry.AddModule<IImageToTextPrompt, AdaClipOptions>(AdaClipParts.TextPromptsName, AdaClipParts.Prompts);
        registry.AddModule<IVisionEncoder, AdaClipOptions>(AdaClipParts.VisionEncoderName, AdaClipParts.VisionEncoder);
        registry.AddModule<IAnomalyScorer, AdaClipOptions>(AdaClipParts.ScorerName, AdaClipParts.Scorer);
    }
}
