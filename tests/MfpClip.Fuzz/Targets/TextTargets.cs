using System.Text;
using MfpClip.Backbones.Clip.Loading;
using MfpClip.Backbones.Dino.Loading;
using MfpClip.Backbones.Hybrid;
using MfpClip.Calibration;
using MfpClip.Evaluation.Reports;
using MfpClip.Fuzz.Mutation;
using MfpClip.Imaging.Regions;
using MfpClip.Text;

namespace MfpClip.Fuzz.Targets;

/// <summary>JSON of every kind, vocabularies and class names.</summary>
internal static class TextTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new() { Name = "clip-config", Changes = [TextMutation.Json], Prepare = Beside("config.json", w => ClipFiles.ReadConfigNextTo(w)) },
        new() { Name = "openclip-config", Changes = [TextMutation.Json], Prepare = Beside("open_clip_config.json", w => ClipFiles.ReadConfigNextTo(w)) },
        new() { Name = "dino-config", Changes = [TextMutation.Json], Prepare = Beside("config.json", w => DinoFiles.ReadConfigNextTo(w)) },
        new()
        {
            Name = "hybrid-config", Changes = [TextMutation.Json],
            Prepare = _ => input => HybridConfig.Parse("x", Encoding.UTF8.GetString(input)),
        },
        new()
        {
            Name = "recipe", Changes = [TextMutation.Json],
            Prepare = AllTargets.OfFile("recipe.json", path => ZeroShotDetectorBuilder.From(DetectorRecipe.Load(path))),
        },
        new() { Name = "calibration", Changes = [TextMutation.Json], Prepare = AllTargets.OfFile("c.json", path => CalibrationFile.Load(path)) },
        new()
        {
            Name = "region", Changes = [TextMutation.Json],
            Prepare = _ => input => Typed(() => RegionFile.Read(input)),
        },
        new()
        {
            Name = "results", Changes = [TextMutation.Json], Cost = 2,
            Prepare = AllTargets.OfFile("results.json", path => EvaluationReportFiles.Read(path)),
        },
        new()
        {
            Name = "vocabulary", Changes = [ArchiveMutation.Gzip], Cost = 2,
            Prepare = AllTargets.OfFile("x.txt.gz", path => ClipTokenizer.FromBpeFile(path)),
        },
        new()
        {
            Name = "vocabulary-json", Changes = [TextMutation.Json],
            Prepare = folder =>
            {
                string merges = Path.Combine(folder, "merges.txt");
                File.WriteAllText(merges, "#version: 0.2\na b</w>\n");
                return AllTargets.OfFile("vocab.json", path => ClipTokenizer.FromFiles(path, merges))(folder);
            },
        },
        new()
        {
            Name = "class-name", Changes = [TextMutation.Lines], Cost = 2,
            Prepare = _ => input =>
            {
                string text = Encoding.UTF8.GetString(input);
                text = text.Length <= ClassWords.MaximumLength ? text : text[..ClassWords.MaximumLength];
                foreach (int id in ClipTokenizer.Default.Encode(ClassWords.Of(text)))
                {
                    if (id < 0 || id >= ClipTokenizer.Default.VocabSize)
                    {
                        throw new InvalidOperationException($"Token {id} is not in the vocabulary.");
                    }
                }
            },
        },
    ];

    private static Func<string, Action<byte[]>> Beside(string name, Action<string> read) =>
        folder => AllTargets.OfFile(name, path => read(Path.Combine(Path.GetDirectoryName(path)!, name.StartsWith("open", StringComparison.Ordinal)
            ? "open_clip_model.safetensors" : "model.safetensors")))(folder);

    // Documented so: the caller makes a typed error of it.
    private static void Typed(Action read)
    {
        try
        {
            read();
        }
        catch (InvalidDataException e)
        {
            throw new ImageDecodeException("x", e.Message, e);
        }
    }
}
