using System.Text.Json.Nodes;
using MfpClip.Calibration;
using MfpClip.Detection.Composing;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Modules.Mask;
using MfpClip.Modules.Self;
using MfpClip.Pipeline;

namespace MfpClip.Detection.Recipes;

/// <summary>Writes down what a detector was composed of.</summary>
internal static class RecipeWriter
{
    public static DetectorRecipe Write(Composition c, IDetectionMethod method, PipelineParts? parts)
    {
        var components = parts is null ? null : Components(c, parts);
        ComponentRecipe? Part(string slot) => components?.GetValueOrDefault(slot);
        return new()
        {
            Method = method.Description.Id,
            MethodOptions = method.Options is { } options ? SettingsJson.Node(options) : null,
            Backbone = c.Backbone?.ToRecipe(),
            Cnn = c.Cnn?.ToRecipe() ?? (c.Package is { } p && c.Backbone is not BackboneChoice.FromPackage ? new CnnChoice.FromPackage(p).ToRecipe() : null),
            ImageToText = Part("image_to_text"), SelfPrompt = Part("self_prompt"), VisionEncoder = Part("vision_encoder"), MultiPatch = Part("multi_patch"),
            MaskPrompt = Part("mask_prompt"), AnomalyMap = Part("anomaly_map"), AnomalyScore = Part("anomaly_score"),
            Stages = parts is not null && c.Taps is null ? c.StageCount : null,
            Taps = parts is not null ? c.Taps : null,
            Templates = parts is not null ? c.Templates : null,
            ImageSize = c.ImageSize,
            Preprocessor = c.Preprocessor is { } preprocessor ? Preprocessor(preprocessor.Describe(), preprocessor) : null,
            Tiling = c.Tiling,
            RegionOfInterest = c.Region,
            Scales = c.Scales.Count == 1 ? null : c.Scales,
            Modules = c.ModuleWeights,
            Untrained = c.Untrained ? true : null,
            References = c.References?.ToRecipe(),
            Joined = c.Joined is { } joined ? Write(joined, joined.ResolveMethod(), null) : null,
            Calibration = c.Calibration,
            Device = c.Device,
            Precision = PrecisionName.Of(c.Precision),
            BatchSize = c.BatchSize,
            Limits = c.Limits == new ImageLimits() ? null : c.Limits,
        };
    }

    /// <summary>Implementation and settings of each slot's module; a part without a name is named by its type.</summary>
    public static IReadOnlyDictionary<string, ComponentRecipe> Components(Composition c, PipelineParts parts) =>
        new Dictionary<string, ComponentRecipe>(StringComparer.Ordinal)
    {
        ["image_to_text"] = Of(c.ImageToText, parts.ImageToText), ["self_prompt"] = Of(c.Self, parts.Self), ["vision_encoder"] = Of(c.Vision, parts.Vision),
        ["multi_patch"] = Of(c.MultiPatch, parts.MultiPatch), ["anomaly_map"] = Of(c.Map, parts.Map), ["mask_prompt"] = Of(c.Mask, parts.Mask),
        ["anomaly_score"] = Of(c.Score, parts.Score),
    };

    /// <summary>As text, the slots that hold a module which the user made without a name.</summary>
    public static IEnumerable<string> Anonymous(Composition c) => new (bool Own, string Name)[]
    {
        (c.ImageToText.IsAnonymous, "image-to-text prompt"), (c.Self.IsAnonymous, "self prompt"), (c.Vision.IsAnonymous, "vision encoder"),
        (c.MultiPatch.IsAnonymous, "patch aggregation"), (c.Map.IsAnonymous, "anomaly map"), (c.Mask.IsAnonymous, "mask prompt"),
        (c.Score.IsAnonymous, "anomaly score"),
    }.Where(s => s.Own).Select(s => s.Name);

    /// <summary>
    /// What is composed, without weights, references, thresholds and the machine: equal for detectors that compute the same from the same weights.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="imageSize">Side of the model's input.</param>
    /// <param name="region">What the region of interest holds, whatever its file is called; <see langword="null"/>: there is none.</param>
    public static string CompositionHash(DetectorRecipe recipe, int imageSize, string? region) => SettingsJson.Hash(RecipeJson.Node(Bare(recipe) with
    {
        ImageSize = imageSize, RegionOfInterest = region is null ? null : new() { File = region },
    }));

    private static DetectorRecipe Bare(DetectorRecipe recipe) => recipe with
    {
        Format = string.Empty, Backbone = null, Modules = null, Untrained = null, References = null, Calibration = null, CalibrationFile = null,
        Device = string.Empty, BatchSize = 0, Limits = null, Joined = recipe.Joined is { } joined ? Bare(joined) : null,
    };

    private static ComponentRecipe Of<TModule>(ModuleFactory<TModule> factory, TModule module)
        where TModule : class, IDetectorModule
    {
        if (!factory.IsAnonymous)
        {
            return new(factory.Implementation, factory.Options is { } options ? SettingsJson.Node(options) : null);
        }

        var about = module.Describe();
        return new(
            about.Implementation.Length > 0 ? about.Implementation : module.GetType().FullName!,
            about.Settings != "{}" ? JsonNode.Parse(about.Settings) as JsonObject
                : about.Options.Count == 0 ? null : new JsonObject(
                    about.Options.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => KeyValuePair.Create(o.Key, (JsonNode?)o.Value))));
    }

    private static ComponentRecipe Preprocessor(StageDescription about, IImagePreprocessor preprocessor) =>
        new(about.Implementation.Length > 0 ? about.Implementation : preprocessor.GetType().FullName!, JsonNode.Parse(about.Settings) as JsonObject);
}
