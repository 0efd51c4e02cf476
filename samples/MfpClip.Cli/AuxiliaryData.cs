using System.Text.Json;
using MfpClip.Data;

namespace MfpClip.Cli;

/// <summary>What a detector was trained on: the record beside its modules, or what the user names.</summary>
internal static class AuxiliaryData
{
    private const string Record = "training.json";
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The protocol of testing on data; refuses overlap with the training data.</summary>
    /// <param name="modules">Trained modules, or <see langword="null"/>.</param>
    /// <param name="named">Data sets or training records that the user names.</param>
    /// <param name="test">What is tested on.</param>
    /// <param name="cancellationToken">Checked between files.</param>
    /// <returns><see langword="null"/> where modules were trained on something that nobody recorded.</returns>
    /// <exception cref="ProtocolException">Training and test overlap.</exception>
    public static CrossDataSetProtocol? Protocol(string? modules, IReadOnlyList<string> named, AnomalyDataSet test, CancellationToken cancellationToken)
    {
        var records = named.Where(IsRecord).ToList();
        if (modules is not null && Path.Combine(Path.GetDirectoryName(Path.GetFullPath(modules))!, Record) is var beside && File.Exists(beside))
        {
            records.Add(beside);
        }

        if (modules is not null && records.Count == 0 && named.Count == 0)
        {
            return null;
        }

        var (seed, auxiliary) = (0L, new List<CategoryFingerprint>());
        foreach (string record in records.Distinct(StringComparer.Ordinal))
        {
            (seed, var recorded) = Read(record);
            auxiliary.AddRange(recorded);
        }

        string[] sets = [.. named.Where(n => !IsRecord(n))];
        auxiliary.AddRange(sets.Length == 0 ? [] : DataSetReader.Open(sets).Categories.Select(c => CategoryFingerprint.Of(c, cancellationToken)));
        return CrossDataSetProtocol.Create(auxiliary, [.. test.Categories.Select(c => CategoryFingerprint.Of(c, cancellationToken))], seed);
    }

    private static bool IsRecord(string path) => Path.GetFileName(path) == Record;

    private static (long Seed, IReadOnlyList<CategoryFingerprint> Auxiliary) Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var auxiliary = document.RootElement.GetProperty("auxiliary").Deserialize<List<CategoryFingerprint>>(Options) ?? [];
            return (document.RootElement.GetProperty("recipe").GetProperty("seed").GetInt64(), auxiliary);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new DataSetException(DataSetFault.Malformed, path, $"it is not the record of a training ({e.Message}).", e);
        }
    }
}
