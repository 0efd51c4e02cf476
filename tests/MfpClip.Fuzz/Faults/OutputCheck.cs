using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MfpClip.Evaluation.Reports;
using MfpClip.Imaging;
using MfpClip.References;
using MfpClip.Weights;

namespace MfpClip.Fuzz.Faults;

/// <summary>What must hold of outputs whenever a run was stopped: every file that has its name is whole, and what stands together belongs together.</summary>
internal static class OutputCheck
{
    /// <summary>What is wrong.</summary>
    /// <param name="output">A folder or file.</param>
    public static IEnumerable<string> Faults(string output)
    {
        var files = File.Exists(output) ? [output] : Directory.Exists(output) ? Directory.GetFiles(output, "*", SearchOption.AllDirectories) : [];
        foreach (string file in files)
        {
            if (Fault(file) is { } fault)
            {
                yield return $"{Path.GetRelativePath(Path.GetDirectoryName(output)!, file)}: {fault}";
            }
        }

        string results = Path.Combine(output, "results.json");
        if (!File.Exists(results))
        {
            yield break;
        }

        using var stored = JsonDocument.Parse(File.ReadAllBytes(results));
        if (stored.RootElement.ValueKind == JsonValueKind.Object && stored.RootElement.TryGetProperty("runs", out _)) // else those of 'detect'
        {
            var cases = EvaluationReportFiles.Read(output).Runs.SelectMany(r => r.Categories).Select(c => c.Cases.Count).ToList();
            var listed = stored.RootElement.GetProperty("runs").EnumerateArray().SelectMany(r => r.GetProperty("categories").EnumerateArray())
                .Select(c => c.GetProperty("cases").GetArrayLength());
            if (!cases.SequenceEqual(listed))
            {
                yield return "results.json names pictures that are not there";
            }
        }
    }

    /// <summary>Files that a stopped run left under temporary names.</summary>
    public static IReadOnlyList<string> Leftovers(string output)
    {
        string folder = Directory.Exists(output) ? output : Path.GetDirectoryName(output)!;
        return [.. new[] { "*.tmp", "*.incomplete" }.SelectMany(p => Directory.GetFiles(folder, p, SearchOption.AllDirectories))];
    }

    private static string? Fault(string file)
    {
        if (Path.GetExtension(file) is ".tmp" or ".incomplete")
        {
            return null;
        }

        try
        {
            // The cache of models: a blob is called by its hash, a link leads to one.
            string real = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
            if (Path.GetFileName(real) is { Length: 64 } hash)
            {
                return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(real))) == hash ? null : "its bytes are not those that it is called by";
            }

            switch (Path.GetExtension(file))
            {
                case ".json":
                    using (JsonDocument.Parse(File.ReadAllBytes(file)))
                    {
                        return null;
                    }

                case ".safetensors":
                    using (var weights = WeightFile.Open(file))
                    {
                        return weights.Metadata.GetValueOrDefault("format")?.Contains("reference", StringComparison.Ordinal) == true
                            && ReferenceFile.Read(file).Summary.Images.Count == 0 ? "it holds no reference" : null;
                    }

                case ".png" or ".jpg":
                    new SkiaImageDecoder().Decode(File.ReadAllBytes(file), file, new());
                    return null;
                case ".html":
                    return File.ReadAllText(file, Encoding.UTF8).TrimEnd().EndsWith("</html>", StringComparison.Ordinal) ? null : "it is cut";
                case ".csv" or ".md":
                    return File.ReadAllText(file).EndsWith('\n') ? null : "it is cut";
                default:
                    return null;
            }
        }
        catch (Exception e) when (e is MfpClipException or JsonException or IOException)
        {
            return e.Message;
        }
    }
}
