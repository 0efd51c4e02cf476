namespace MfpClip.Fuzz.Targets;

/// <summary>Every parser of the library.</summary>
internal static class AllTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
        [.. WeightTargets.All, .. TextTargets.All, .. DataTargets.All, .. ImageTargets.All, .. StoreTargets.All];

    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static FuzzTarget Find(string name) => List.FirstOrDefault(t => t.Name == name) ?? throw new ArgumentException(
        $"There is no target '{name}'; there are {string.Join(", ", List.Select(t => t.Name))}.");

    /// <summary>A target whose parser reads a file.</summary>
    public static Func<string, Action<byte[]>> OfFile(string name, Action<string> read) => folder =>
    {
        string path = Path.Combine(folder, name);
        return input =>
        {
            File.WriteAllBytes(path, input);
            read(path);
        };
    };
}
