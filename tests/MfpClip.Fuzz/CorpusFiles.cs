using MfpClip.Fuzz.Targets;

namespace MfpClip.Fuzz;

/// <summary>The inputs that a target begins with: small files of every kind, some of which harmed once.</summary>
internal static class CorpusFiles
{
    /// <summary>All of a target, in the order of their names.</summary>
    public static IReadOnlyList<byte[]> Read(string target)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Corpus", target);
        return [.. (Directory.Exists(folder) ? Directory.GetFiles(folder) : throw new ArgumentException($"Target '{target}' has no corpus."))
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
    }

    /// <summary>Writes what the library itself can make; what others made is checked in only.</summary>
    public static int Write(string folder)
    {
        foreach (var (name, content) in CorpusSamples.Make())
        {
            string path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }

        return ExitCodes.Success;
    }
}
