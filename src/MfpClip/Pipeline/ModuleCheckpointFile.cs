using System.Text.Json;
using MfpClip.Backbones;
using MfpClip.Diagnostics;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Modules;
using MfpClip.Weights;

namespace MfpClip.Pipeline;

/// <summary>Trained modules as one safetensors file: tensors by module, and in the metadata what they were trained with.</summary>
internal static class ModuleCheckpointFile
{
    internal const string Format = "mfpclip-modules-1";

    public static void Save(string path, IReadOnlyList<KeyValuePair<string, Tensor>> weights, DetectorDescription description) => SafetensorsWriter.Write(
        path,
        weights,
        new Dictionary<string, string>
        {
            ["format"] = Format,
            ["method"] = description.Method,
            ["method_id"] = description.MethodId,
            ["parts"] = JsonSerializer.Serialize(description.Stages.Select(s => new { s.Id, s.Implementation, s.Settings }), ReflectedJson.Options),
            ["backbone_sha256"] = description.Stages.FirstOrDefault(s => s.Id == "backbone")?.Weights is [{ } backbone, ..] ? backbone.Sha256 : string.Empty,
            ["library_version"] = description.LibraryVersion,
        });

    /// <summary>Loads this library's file, or one as a method's authors publish it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="weights">Trained tensors by full name, which it is copied into.</param>
    /// <param name="target">What they belong to.</param>
    /// <param name="layouts">Published layouts that may be met.</param>
    /// <exception cref="WeightsException">It is no checkpoint of this library, or of another backbone.</exception>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    public static void Load(
        string path, IReadOnlyList<KeyValuePair<string, Tensor>> weights, CheckpointTarget target, IEnumerable<ICheckpointLayout> layouts) =>
        DamagedContent.Guard(path, () =>
        {
            LoadChecked(path, weights, target, layouts);
            return 0;
        });

    private static void LoadChecked(
        string path, IReadOnlyList<KeyValuePair<string, Tensor>> weights, CheckpointTarget target, IEnumerable<ICheckpointLayout> layouts)
    {
        using var file = WeightFile.Open(path);
        if (!file.Metadata.ContainsKey("format") && layouts.FirstOrDefault(l => l.Matches(file.Tensors)) is { } layout)
        {
            layout.Check(file, target);
            ModuleCheckpoint.Load(weights, new RenamedWeightFile(file, layout.Rename));
            return;
        }

        if (file.Metadata.TryGetValue("format", out var format) && format != Format)
        {
            throw new WeightsException(path, $"it says it is '{format}'; this version reads '{Format}'.");
        }

        if (file.Metadata.TryGetValue("backbone_sha256", out var trained) && trained.Length > 0 && trained != BackboneHash(target.Backbone))
        {
            throw new WeightsException(path, $"the modules were trained with another backbone ({Short(trained)}, this one is "
                + $"{Short(BackboneHash(target.Backbone))}). Use the backbone they belong to.");
        }

        ModuleCheckpoint.Load(weights, file);
    }

    /// <summary>
    /// Loads the modules that are as they were trained; those that were replaced, switched off or given other sizes stay as they are, and all of
    /// them where the backbone is another.
    /// </summary>
    /// <returns>The modules that were loaded.</returns>
    public static IReadOnlyCollection<IDetectorModule> LoadFitting(IWeightFile file, PipelineParts parts)
    {
        if (file.Metadata.GetValueOrDefault("backbone_sha256") != BackboneHash(parts.Backbone))
        {
            return [];
        }

        var fitting = parts.Checkpointed.Where(
            m => m.Value.Weights.Count > 0 && m.Value.GetService<ICheckpointedModule>() is not null && m.Value.Weights.All(w =>
            file.Tensors.TryGetValue($"{m.Key}.{w.Key}", out var stored) && stored.Shape.SequenceEqual(w.Value.shape))).ToList();
        ModuleCheckpoint.Load(fitting, file, foreign: name => !fitting.Any(m => name.StartsWith($"{m.Key}.", StringComparison.Ordinal)));
        return [.. fitting.Select(m => m.Value)];
    }

    private static string BackboneHash(IClipBackbone backbone) => backbone.Describe().Weights is [{ } weights, ..] ? weights.Sha256 : string.Empty;

    private static string Short(string hash) => hash.Length > 12 ? $"{hash[..12]}..." : hash.Length > 0 ? hash : "without a hash";
}
