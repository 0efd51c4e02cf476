using System.Globalization;
using MfpClip.References;
using MfpClip.Weights;
using MfpClip.Weights.Torch;

namespace MfpClip.Methods.PatchCore;

/// <summary>
/// What the authors' code saves of one model (PatchCore.save_to_path): <c>patchcore_params.pkl</c> with the settings and
/// <c>nnscorer_search_index.faiss</c> with the stored patches. Parsed as data; nothing of it is run.
/// </summary>
/// <param name="Backbone">Name of the CNN, as the authors' code knows it.</param>
/// <param name="InputHeight">Of the network's input in pixels.</param>
/// <param name="InputWidth">Of the network's input in pixels.</param>
/// <param name="Options"><see cref="PatchCoreOptions.AsReleased"/> with the file's settings.</param>
/// <param name="Memory">Stored patches, <c>[M, D]</c>, float32; the owner's.</param>
internal sealed record PatchCoreFolder(string Backbone, int InputHeight, int InputWidth, PatchCoreOptions Options, Tensor Memory) : IDisposable
{
    private const string Parameters = "patchcore_params.pkl", Index = "nnscorer_search_index.faiss";
    private const long MaximumPickle = 1 << 20;

    /// <summary>Reads both files.</summary>
    /// <param name="folder">That holds them.</param>
    /// <param name="prefix">Before their names, as ensembles have it ("Ensemble-1-3_").</param>
    /// <exception cref="WeightsException">A file is absent, damaged, asks for code to be run, or has settings that cannot be used.</exception>
    public static PatchCoreFolder Read(string folder, string prefix = "")
    {
        string path = Path.Combine(folder, prefix + Parameters), index = Path.Combine(folder, prefix + Index);
        var values = Pickle(path);
        var shape = Numbers(path, values, "input_shape");
        var options = PatchCoreOptions.AsReleased with
        {
            Stages = [.. Names(path, values, "layers_to_extract_from").Select(n => Stage(path, n))],
            StageWidth = Number(path, values, "pretrain_embed_dimension"),
            Width = Number(path, values, "target_embed_dimension"),
            Neighbourhood = Number(path, values, "patchsize"),
            Stride = Number(path, values, "patchstride"),
            Neighbours = Number(path, values, "anomaly_scorer_num_nn"),
        };
        if (shape is not [3, > 0 and <= 16384, > 0 and <= 16384])
        {
            throw new WeightsException(path, $"'input_shape' is {string.Join(" x ", shape)}; three channels, height and width were expected.");
        }

        if (options.Faults().ToList() is { Count: > 0 } faults)
        {
            throw new WeightsException(path, $"its settings cannot be used. {string.Join(" ", faults)}");
        }

        string backbone = Text(path, values, "backbone.name");
        var memory = FaissIndexFile.Read(index);
        if (memory.shape[1] != options.Width)
        {
            long width = memory.shape[1];
            memory.Dispose();
            throw new WeightsException(
                index, $"its vectors have {width} values, but '{prefix}{Parameters}' says {options.Width}. The files are of two models.");
        }

        return new(backbone, shape[1], shape[2], options, memory);
    }

    public void Dispose() => Memory.Dispose();

    private static Dictionary<string, object?> Pickle(string path)
    {
        using var file = FileBytes.Open(path);
        if (file.Length > MaximumPickle)
        {
            throw new WeightsException(path, $"it has {file.Length} bytes; PatchCore's parameters have a few hundred. It is another file.");
        }

        var reader = new PickleReader(path, file.Read(0, (int)file.Length))
        {
            ResolveStorage = _ => throw new WeightsException(path, "it has tensors; PatchCore's parameters are numbers and names. It is another file."),
        };
        return reader.Read() is PickleDictionary dictionary ? dictionary.Items
            : throw new WeightsException(path, "it holds no dictionary of settings. It is another file.");
    }

    private static int Stage(string path, string name) =>
        name.StartsWith("layer", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int stage)
            && stage is >= 1 and <= 4 ? stage
            : throw new WeightsException(path, $"it uses the layer '{name}'; only layer1 to layer4 of a ResNet are known.");

    private static string Text(string path, Dictionary<string, object?> values, string key) => Value(path, values, key) as string
        ?? throw new WeightsException(path, $"'{key}' is no text. The file is damaged, or of another version.");

    private static int Number(string path, Dictionary<string, object?> values, string key) => Integer(path, Value(path, values, key), key);

    private static List<int> Numbers(string path, Dictionary<string, object?> values, string key) =>
        [.. Items(path, values, key).Select(v => Integer(path, v, key))];

    private static IEnumerable<string> Names(string path, Dictionary<string, object?> values, string key) => Items(path, values, key)
        .Select(v => v as string ?? throw new WeightsException(path, $"'{key}' has an entry that is no text. The file is damaged, or of another version."));

    private static IEnumerable<object?> Items(string path, Dictionary<string, object?> values, string key) => Value(path, values, key) switch
    {
        List<object?> list => list,
        object?[] tuple => tuple,
        _ => throw new WeightsException(path, $"'{key}' is no list. The file is damaged, or of another version."),
    };

    private static int Integer(string path, object? value, string key) => value is long and >= int.MinValue and <= int.MaxValue ? (int)(long)value
        : throw new WeightsException(path, $"'{key}' is no whole number that can be used. The file is damaged, or of another version.");

    private static object? Value(string path, Dictionary<string, object?> values, string key) => values.TryGetValue(key, out var value) ? value
        : throw new WeightsException(path, $"'{key}' is missing. The file is damaged, or another file.");
}
