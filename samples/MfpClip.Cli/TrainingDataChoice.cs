using System.CommandLine;
using MfpClip.Data;
using MfpClip.Training.Data;

namespace MfpClip.Cli;

/// <summary>The options that say what is trained on, shared by <c>train</c> and <c>ablate</c>.</summary>
internal sealed class TrainingDataChoice
{
    private readonly Option<string[]> _data = new("--data")
    {
        Description = "What to train on: folders or lists in a known layout (docs/data-sets.md); or 'procedural' for rendered products.",
        AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["procedural"],
    };

    private readonly Option<string[]> _categories = new("--categories") { Description = "Only these categories.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<int> _images = new("--images-per-category") { Description = "Rendered images of each category.", DefaultValueFactory = _ => 40 };
    private readonly Option<int> _side = new("--render-size") { Description = "Side of rendered images in pixels.", DefaultValueFactory = _ => 518 };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _data, _categories, _images, _side })
        {
            command.Options.Add(option);
        }

        foreach (Option option in new Option[] { _images, _side })
        {
            command.Refuse(option, r => r.IsGiven(_data) && r.GetValue(_data) is not ["procedural"], "has no effect: only 'procedural' data are rendered.");
        }
    }

    /// <param name="parsed">Arguments.</param>
    /// <param name="seed">Seed of rendered images.</param>
    /// <param name="json">Whether standard output is kept for one JSON object.</param>
    /// <param name="cancellationToken">Stops hashing.</param>
    public ITrainingData Open(ParseResult parsed, long seed, bool json, CancellationToken cancellationToken)
    {
        string[] paths = parsed.GetValue(_data)!;
        string[] wanted = parsed.GetValue(_categories) ?? [];
        if (paths is ["procedural"])
        {
            return new ProceduralTrainingData(wanted.Length > 0 ? wanted : null, parsed.GetValue(_images), parsed.GetValue(_side), seed);
        }

        if (paths.Contains("procedural"))
        {
            throw new ArgumentException("'procedural' cannot be combined with folders: train on one, then the other with --modules.");
        }

        var all = TestData.Open(paths, json).Categories;
        var unknown = wanted.Where(w => all.All(c => c.Key != w && c.Name != w)).ToList();
        return unknown.Count == 0
            ? new DataSetTrainingData(
                [.. all.Where(c => wanted.Length == 0 || wanted.Contains(c.Key) || wanted.Contains(c.Name))],
                new SampleReader(ImageFiles.Decoder), cancellationToken)
            : throw new ArgumentException($"There is no category {string.Join(", ", unknown)}; the data has {string.Join(", ", all.Select(c => c.Key))}.");
    }

    /// <summary>Says on the error stream what was noticed about masks while training.</summary>
    public static void PrintMasks(ITrainingData data)
    {
        foreach (string sentence in (data as DataSetTrainingData)?.Masks.Sentences ?? [])
        {
            Console.Error.WriteLine($"NOTE: training data: {sentence}.");
        }
    }
}
