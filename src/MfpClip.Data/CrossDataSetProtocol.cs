using System.Security.Cryptography;
using System.Text;

namespace MfpClip.Data;

/// <summary>A category as a run saw it: what it was and a hash by which another run can tell whether it saw the same.</summary>
public sealed record CategoryFingerprint
{
    /// <summary>Name of the data set.</summary>
    public required string DataSet { get; init; }

    /// <summary>Name of the category.</summary>
    public required string Category { get; init; }

    /// <summary>Number of images.</summary>
    public required int Images { get; init; }

    /// <summary>SHA-256 over the sorted hashes of its image files, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>SHA-256 of each image file, sorted. Kept so that overlap can be refused where only the record of a training is left.</summary>
    public required IReadOnlyList<string> ImageHashes { get; init; }

    /// <summary>Reads and hashes every image file of a category.</summary>
    /// <param name="category">Train and test alike.</param>
    /// <param name="cancellationToken">Checked between files.</param>
    /// <exception cref="DataSetException">A file cannot be read.</exception>
    public static CategoryFingerprint Of(AnomalyCategory category, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(category);
        string[] hashes = [.. category.Samples.AsParallel().WithCancellation(cancellationToken).Select(s => Hash(s.ImagePath)).Order(StringComparer.Ordinal)];
        return new()
        {
            DataSet = category.DataSet, Category = category.Name, Images = hashes.Length, ImageHashes = hashes,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', hashes)))),
        };
    }

    private static string Hash(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataSetException(DataSetFault.UnreadableImage, path, $"it cannot be read ({e.Message}).", e);
        }
    }
}

/// <summary>Training and test data overlap, so nothing that was measured would be zero-shot.</summary>
public sealed class ProtocolException : MfpClipException
{
    /// <summary>Creates the error from every overlap found.</summary>
    public ProtocolException(IReadOnlyList<string> overlaps)
        : base($"Auxiliary and test data overlap, so this would not be zero-shot: {string.Join(" ", overlaps)} Leave one side out.") => Overlaps = overlaps;

    /// <summary>Each overlap, as text.</summary>
    public IReadOnlyList<string> Overlaps { get; }
}

/// <summary>
/// Who learned from what and is judged by what. It exists only where the two share no category name, no image path and no image file;
/// a copy that was encoded from scratch is not noticed.
/// </summary>
public sealed record CrossDataSetProtocol
{
    private CrossDataSetProtocol(IReadOnlyList<CategoryFingerprint> auxiliary, IReadOnlyList<CategoryFingerprint> test, long seed) =>
        (Auxiliary, Test, Seed) = (auxiliary, test, seed);

    /// <summary>What was trained on; empty where nothing was.</summary>
    public IReadOnlyList<CategoryFingerprint> Auxiliary { get; }

    /// <summary>What is tested on.</summary>
    public IReadOnlyList<CategoryFingerprint> Test { get; }

    /// <summary>Seed of the training, or of the run where nothing was trained.</summary>
    public long Seed { get; }

    /// <summary>Checks the two sides against each other and hashes them.</summary>
    /// <param name="auxiliary">What is trained on; may be empty.</param>
    /// <param name="test">What is tested on.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="cancellationToken">Checked between files.</param>
    /// <exception cref="ProtocolException">They overlap; lists every overlap.</exception>
    /// <exception cref="DataSetException">A file cannot be read.</exception>
    public static CrossDataSetProtocol Create(
        IReadOnlyList<AnomalyCategory> auxiliary, IReadOnlyList<AnomalyCategory> test, long seed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(auxiliary);
        ArgumentNullException.ThrowIfNull(test);
        var paths = auxiliary.SelectMany(c => c.Samples).Select(s => Path.GetFullPath(s.ImagePath)).ToHashSet(StringComparer.Ordinal);
        var overlaps = test.Select(c => (c, Shared: c.Samples.FirstOrDefault(s => paths.Contains(Path.GetFullPath(s.ImagePath)))))
            .Where(p => p.Shared is not null)
            .Select(p => $"The image '{p.Shared!.ImagePath}' of test category '{p.c.Key}' is auxiliary data.").ToList();
        return Create(
            [.. auxiliary.Select(c => CategoryFingerprint.Of(c, cancellationToken))],
            [.. test.Select(c => CategoryFingerprint.Of(c, cancellationToken))], seed, overlaps);
    }

    /// <summary>Checks test data against the record of a training that is over.</summary>
    /// <param name="auxiliary">What was trained on, as it was recorded.</param>
    /// <param name="test">What is tested on.</param>
    /// <param name="seed">Seed of the training.</param>
    /// <exception cref="ProtocolException">They overlap; lists every overlap.</exception>
    public static CrossDataSetProtocol Create(IReadOnlyList<CategoryFingerprint> auxiliary, IReadOnlyList<CategoryFingerprint> test, long seed)
    {
        ArgumentNullException.ThrowIfNull(auxiliary);
        ArgumentNullException.ThrowIfNull(test);
        return Create(auxiliary, test, seed, []);
    }

    /// <summary>The protocol in lines of text, for reports and logs.</summary>
    public IReadOnlyList<string> Describe() =>
    [
        Auxiliary.Count == 0 ? "auxiliary data: none (nothing was trained)" : $"auxiliary data: {Side(Auxiliary)}",
        $"test data: {Side(Test)}",
        $"seed: {Seed}",
        "checked: no category name, image path or image file is on both sides",
    ];

    private static string Side(IReadOnlyList<CategoryFingerprint> side) =>
        string.Join(", ", side.Select(f => $"{f.DataSet}/{f.Category} ({f.Images} images, sha256 {f.Sha256[..12]})"));

    private static CrossDataSetProtocol Create(
        IReadOnlyList<CategoryFingerprint> auxiliary, IReadOnlyList<CategoryFingerprint> test, long seed, List<string> overlaps)
    {
        var names = auxiliary.ToLookup(a => Normalised(a.Category), StringComparer.Ordinal);
        var hashes = auxiliary.SelectMany(a => a.ImageHashes.Select(h => (h, a))).DistinctBy(p => p.h).ToDictionary(p => p.h, p => p.a, StringComparer.Ordinal);
        foreach (var t in test)
        {
            overlaps.AddRange(names[Normalised(t.Category)]
                .Select(a => $"Category '{t.Category}' is on both sides ({a.DataSet}/{a.Category} and {t.DataSet}/{t.Category})."));
            string[] shared = [.. t.ImageHashes.Where(hashes.ContainsKey)];
            if (shared.Length > 0)
            {
                overlaps.Add($"{shared.Length} image file(s) of {t.DataSet}/{t.Category} are the same as in "
                    + $"{hashes[shared[0]].DataSet}/{hashes[shared[0]].Category} (sha256 {shared[0][..12]}...).");
            }
        }

        return overlaps.Count == 0 ? new(auxiliary, test, seed) : throw new ProtocolException(overlaps);
    }

    private static string Normalised(string category) => AnomalyCategory.AsText(category).ToLowerInvariant();
}
