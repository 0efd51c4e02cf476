using System.Text.Json;
using MfpClip.Files;

namespace MfpClip.Models;

/// <summary>
/// Compares a model's configuration with the activation it was trained with. The configuration has no published hash; one that names the other activation gives
/// results that look right and are not.
/// </summary>
internal static class ActivationCheck
{
    /// <summary>What is wrong with a configuration; null where nothing is, or where it does not say.</summary>
    /// <param name="name">Its name: <c>config.json</c> of Transformers or <c>open_clip_config.json</c>.</param>
    /// <param name="path">Where it lies.</param>
    /// <param name="expected">"quick_gelu" or "gelu".</param>
    public static string? Fault(string name, string path, string expected)
    {
        if (name is not ("config.json" or "open_clip_config.json"))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(BoundedFile.ReadText(path));
            string? found = name == "config.json" ? OfTransformers(document.RootElement) : OfOpenClip(document.RootElement);
            return found is null || found == expected ? null : $"'{name}' there says the activation {found}, but the model was trained with {expected}.";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException)
        {
            return $"'{name}' there is no configuration of a model ({e.Message.TrimEnd('.')}).";
        }
    }

    private static string? OfTransformers(JsonElement root) =>
        root.TryGetProperty("vision_config", out var vision) && vision.TryGetProperty("hidden_act", out var act) ? act.GetString() : null;

    private static string? OfOpenClip(JsonElement root) => !root.TryGetProperty("model_cfg", out var model) ? null
        : model.TryGetProperty("quick_gelu", out var quick) && quick.ValueKind == JsonValueKind.True ? "quick_gelu" : "gelu";
}
