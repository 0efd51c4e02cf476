using System.Security.Cryptography;
using System.Text;

namespace MfpClip;

/// <summary>
/// The hash of all weights as version 0.1 wrote it into calibrations and reference files: over what stages were called then. The names are
/// kept here, so that those files load whatever stages are called now.
/// </summary>
internal static class WeightsHashOfVersion01
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["backbone"] = "backbone",
        ["cnn"] = "CNN features",
        ["image_to_text"] = "image-to-text prompt (I2TP)",
        ["self_prompt"] = "self prompt (SP)",
        ["vision_encoder"] = "vision encoder",
        ["multi_patch"] = "multi-patch feature aggregation (MPFA)",
        ["anomaly_map"] = "anomaly map",
        ["mask_prompt"] = "mask prompt (MP)",
        ["anomaly_score"] = "anomaly score",
        ["references"] = "references",
    };

    private static readonly Dictionary<string, string> TextPrompts = new(StringComparer.Ordinal)
    {
        ["learned-context"] = "text prompt in the place of I2TP",
        ["anomalyclip.text-prompts"] = "text prompts",
        ["adaclip.text-prompts"] = "text prompts",
    };

    public static string Of(IReadOnlyList<StageDescription> stages)
    {
        string text = string.Join('\n', stages.SelectMany(s => s.Weights.Select(w => $"{NameOf(s)}:{w.Sha256}")));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private static string NameOf(StageDescription stage) =>
        (stage.Id == "image_to_text" ? TextPrompts.GetValueOrDefault(stage.Implementation) : null) ?? Names.GetValueOrDefault(stage.Id, stage.Stage);
}
