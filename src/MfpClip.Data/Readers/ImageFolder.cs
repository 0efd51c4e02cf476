namespace MfpClip.Data.Readers;

/// <summary>Images of a folder, and masks that belong to them by name.</summary>
internal static class ImageFolder
{
    // TIFF is not decoded by the library's decoder: it is listed so that it is met with an error instead of left out in silence.
    private static readonly string[] Endings = [".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff"];

    /// <summary>Images directly in a folder, by name; none where there is no folder.</summary>
    public static IReadOnlyList<string> Images(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder).Where(IsImage).Order(StringComparer.Ordinal)];

    public static bool HasImages(string folder) => Directory.Exists(folder) && Directory.EnumerateFiles(folder).Any(IsImage);

    /// <summary>Subfolders by name, hidden ones left out.</summary>
    public static IReadOnlyList<string> Folders(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateDirectories(folder).Where(d => !Path.GetFileName(d).StartsWith('.')).Order(StringComparer.Ordinal)];

    /// <summary>The mask of each image: same name without the ending, with or without "_mask". Images without a mask are absent.</summary>
    /// <param name="maskFolder">Where the masks are; it may be absent.</param>
    /// <param name="images">Images that may have one.</param>
    /// <param name="good">Normal images whose masks, black all over, are passed by.</param>
    /// <exception cref="DataSetException">A mask without image, or one that could belong to two.</exception>
    public static Dictionary<string, string> Masks(string maskFolder, IReadOnlyList<string> images, IReadOnlyList<string> good)
    {
        var passedBy = good.Select(Path.GetFileNameWithoutExtension).ToHashSet(StringComparer.Ordinal);
        var byStem = images.ToLookup(i => Path.GetFileNameWithoutExtension(i), StringComparer.Ordinal);
        var masks = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string mask in Images(maskFolder))
        {
            string stem = Path.GetFileNameWithoutExtension(mask);
            string[] owners = [.. byStem[stem]];
            if (owners.Length == 0 && stem.EndsWith("_mask", StringComparison.Ordinal))
            {
                owners = [.. byStem[stem[..^"_mask".Length]]];
            }

            if (owners.Length == 0 && (
                passedBy.Contains(stem) || (stem.EndsWith("_mask", StringComparison.Ordinal) && passedBy.Contains(stem[..^"_mask".Length]))))
            {
                continue;
            }

            if (owners.Length == 0)
            {
                throw new DataSetException(DataSetFault.MaskWithoutImage, mask, "this mask belongs to no image: an image has the mask's name without \"_mask\" "
                    + "and without the ending. Add the image or remove the mask.");
            }

            if (owners.Length > 1 || !masks.TryAdd(owners[0], mask))
            {
                throw new DataSetException(DataSetFault.Malformed, mask, $"it is not clear what belongs together: "
                    + $"{string.Join(", ", owners.Append(masks.GetValueOrDefault(owners[0])).Where(o => o is not null).Select(Path.GetFileName))} share "
                    + $"its name. Rename one.");
            }
        }

        return masks;
    }

    private static bool IsImage(string file) =>
        Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase) && !Path.GetFileName(file).StartsWith('.');
}
