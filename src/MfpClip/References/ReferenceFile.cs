namespace MfpClip.References;

/// <summary>Looks into files of references and removes from them, without the detector that they were taken with.</summary>
/// <remarks>A detector writes them (<c>SaveReferences</c>), and adds images (<c>AddReferences</c>).</remarks>
public static class ReferenceFile
{
    /// <summary>What is in a file.</summary>
    /// <exception cref="WeightsException">It is damaged or no file of references.</exception>
    public static ReferenceFileContent Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var (origin, entries, options) = ReferenceFileFormat.Read(path);
        try
        {
            return Describe(origin, entries, options);
        }
        finally
        {
            entries.ForEach(e => e.Dispose());
        }
    }

    /// <summary>Removes images from a file; atomic. The others are not computed again.</summary>
    /// <param name="path">The file; it stays as it was where something is wrong.</param>
    /// <param name="idsOrNames">Ids or names from <see cref="ReferenceSummary.Images"/>.</param>
    /// <returns>What is left in it.</returns>
    /// <exception cref="WeightsException">It is damaged or no file of references.</exception>
    /// <exception cref="ReferenceException">An image is not in it, or none would be left.</exception>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static ReferenceFileContent Remove(string path, IReadOnlyList<string> idsOrNames)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(idsOrNames);
        var (origin, entries, options) = ReferenceFileFormat.Read(path);
        try
        {
            var left = ReferenceNames.Without(entries, idsOrNames);
            var content = Describe(origin, left, options);
            ReferenceFileFormat.Save(path, left, options, origin);
            return content;
        }
        finally
        {
            entries.ForEach(e => e.Dispose());
        }
    }

    private static ReferenceFileContent Describe(ReferenceOrigin origin, IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options)
    {
        using var bank = new MemoryBank(StoredReferences.Scheme, entries, options, torch.CPU, []);
        return new(bank.Summary, origin.Method, origin.WeightsHash, origin.ImageSize, origin.LibraryVersion);
    }
}

/// <summary>What is in a file of references.</summary>
/// <param name="Summary">The images and how they are compared.</param>
/// <param name="Method">Method of the detector that they were taken with.</param>
/// <param name="WeightsHash">Its weights.</param>
/// <param name="ImageSize">Side of its input in pixels.</param>
/// <param name="LibraryVersion">Version of the library that wrote the file.</param>
public sealed record ReferenceFileContent(ReferenceSummary Summary, string Method, string WeightsHash, int ImageSize, string LibraryVersion);

/// <summary>The detector, without references, that a file was taken with.</summary>
internal sealed record ReferenceOrigin(string Method, string WeightsHash, int ImageSize, string LibraryVersion)
{
    /// <summary>What was stored, and how.</summary>
    public string Scheme { get; init; } = JoinedScheme.MemoryBank;

    /// <summary>How images were cut into tiles, as JSON; empty: they were read as a whole.</summary>
    public string Tiling { get; init; } = string.Empty;

    public static ReferenceOrigin Of(DetectorDescription without, IReferenceScheme scheme) =>
        new(without.Method, without.WeightsHash, without.ImageSize, without.LibraryVersion) { Scheme = scheme.Id, Tiling = TilingOf(without) };

    /// <summary>How a detector cuts images into tiles, as JSON; empty: not at all.</summary>
    public static string TilingOf(DetectorDescription detector) => detector.Stages.FirstOrDefault(s => s.Id == "tiling")?.Settings ?? string.Empty;
}
