namespace MfpClip.Data.Readers;

/// <summary>An image that masks may belong to, with the names that its masks may have.</summary>
/// <param name="Path">The image.</param>
/// <param name="Names">Its name without the ending as seen from the folder of masks, with sub-folders: "000", "scratch/000".</param>
internal sealed record MaskOwner(string Path, params IReadOnlyList<string> Names);

/// <summary>Which masks belong to which images, by their names.</summary>
internal sealed class MaskMatching
{
    private static readonly string[] Suffixes = ["_mask", "_gt"];
    private readonly Dictionary<string, List<string>> _masks = new(StringComparer.Ordinal);
    private readonly List<string> _without = [], _normal = [];
    private readonly List<SkippedFile> _skipped = [];

    /// <summary>Masks that belong to no image.</summary>
    public IReadOnlyList<string> WithoutImage => _without;

    /// <summary>Masks of normal images.</summary>
    public IReadOnlyList<string> OfNormalImages => _normal;

    /// <summary>Files among the masks that cannot be read as images.</summary>
    public IEnumerable<SkippedFile> Unreadable => _skipped.Where(s => s.IsFault);

    /// <summary>The masks of an image.</summary>
    public IReadOnlyList<string> Of(string image) => _masks.GetValueOrDefault(image) ?? [];

    /// <summary>
    /// Gives each mask of a folder to its image. It has the image's name without the ending, with or without "_mask" or "_gt", or lies in a folder of the
    /// image's name, which then may hold several.
    /// </summary>
    /// <param name="folder">The masks, sub-folders included; it may be absent.</param>
    /// <param name="defective">Images that may have one.</param>
    /// <param name="normal">Normal images, whose masks say nothing.</param>
    /// <exception cref="DataSetException">A mask could belong to two images, or an image has two masks of its name.</exception>
    public void Add(string folder, IReadOnlyList<MaskOwner> defective, IReadOnlyList<MaskOwner> normal)
    {
        var (owners, passedBy) = (ByName(defective), ByName(normal));
        var ofOwnName = new Dictionary<string, string>(StringComparer.Ordinal);
        var files = ImageFolder.Read(folder);
        _skipped.AddRange(files.Skipped);
        foreach (string mask in files.Images)
        {
            string name = ImageFolder.Relative(folder, mask);
            int slash = name.LastIndexOf('/');
            if (Single(mask, name, owners) is { } image)
            {
                if (!ofOwnName.TryAdd(image, mask))
                {
                    throw Unclear(mask, [image, ofOwnName[image]]);
                }

                Give(image, mask);
            }
            else if (slash > 0 && Exactly(mask, name[..slash], owners) is { } whole)
            {
                Give(whole, mask);
            }
            else
            {
                bool isNormal = Single(mask, name, passedBy) is not null || (slash > 0 && Exactly(mask, name[..slash], passedBy) is not null);
                (isNormal ? _normal : _without).Add(mask);
            }
        }
    }

    private void Give(string image, string mask)
    {
        if (!_masks.TryGetValue(image, out var masks))
        {
            _masks[image] = masks = [];
        }

        masks.Add(mask);
    }

    private static ILookup<string, string> ByName(IReadOnlyList<MaskOwner> owners) =>
        owners.SelectMany(o => o.Names.Distinct(StringComparer.Ordinal).Select(n => (Name: n, o.Path)))
            .ToLookup(p => p.Name, p => p.Path, StringComparer.Ordinal);

    private static string? Single(string mask, string name, ILookup<string, string> owners)
    {
        string? suffix = Array.Find(Suffixes, s => name.EndsWith(s, StringComparison.OrdinalIgnoreCase));
        return Exactly(mask, name, owners) ?? (suffix is null ? null : Exactly(mask, name[..^suffix.Length], owners));
    }

    private static string? Exactly(string mask, string name, ILookup<string, string> owners)
    {
        string[] found = [.. owners[name]];
        return found.Length > 1 ? throw Unclear(mask, found) : found is [var one] ? one : null;
    }

    private static DataSetException Unclear(string mask, IEnumerable<string> files) => new(
        DataSetFault.Malformed, mask,
        $"it is not clear what belongs together: {string.Join(", ", files.Select(Path.GetFileName))} share its name. Rename one.");
}
