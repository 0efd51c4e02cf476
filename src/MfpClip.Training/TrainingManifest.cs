using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MfpClip.Diagnostics;
using MfpClip.Files;
using MfpClip.Objectives;
using MfpClip.Training.Data;

namespace MfpClip.Training;

/// <summary><c>training.json</c>: what was trained, on what, how, with which result.</summary>
internal static class TrainingManifest
{
    private static readonly JsonSerializerOptions Options = new()
    {
        TypeInfoResolver = ReflectedJson.Resolver,
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(
        string path, DetectorDescription detector, ITrainableMethod method, ITrainingData data, TrainingRecipe recipe, TrainerOptions options,
        TrainingResult result)
    {
        var manifest = new
        {
            Method = method.Name,
            Complete = result.IsComplete,
            result.Steps,
            Data = new { data.Name, data.Count, data.Fingerprint },
            data.Auxiliary,
            Recipe = recipe,
            Detector = detector.Recipe is { } text ? JsonNode.Parse(text) : null,
            Run = new
            {
                options.Modules, options.RecomputedBlocks, options.Workers, Threads = torch.get_num_threads(), detector.Device, detector.Precision,
                detector.ImageSize,
            },
            Versions = new
            {
                Library = detector.LibraryVersion, Torch = typeof(torch).Assembly.GetName().Version?.ToString(), Runtime = Environment.Version.ToString(),
            },
            Hashes = new { Frozen = result.FrozenHash, Trained = result.TrainedHash, Start = detector.WeightsHash },
            SecondsOfThisRun = Math.Round(result.Elapsed.TotalSeconds, 3),
            Stages = detector.Stages.Select(s => new { s.Id, s.Implementation, s.Stage, s.Component, s.Options, s.Weights }),
            result.Epochs,
        };
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, manifest, Options));
    }
}
