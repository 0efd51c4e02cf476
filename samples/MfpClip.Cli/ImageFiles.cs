namespace MfpClip.Cli;

/// <summary>Finds the photos a user means.</summary>
internal static class ImageFiles
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif"];

    /// <summary>Files as they are, folders with all their images, nothing: the bundled samples.</summary>
    public static IReadOnlyList<string> Find(IReadOnlyList<string> paths)
    {
        if (paths.Count == 0)
        {
            return [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png").Order(StringComparer.Ordinal)];
        }

        var found = new List<string>();
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
            {
                var inside = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                    .Where(f => Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToList();
                found.AddRange(inside.Count > 0 ? inside : throw new ImageDecodeException(
                    path, $"the folder holds no images ({string.Join(", ", Extensions)})."));
            }
            else
            {
                found.Add(File.Exists(path) ? path : throw new ImageDecodeException(path, "there is no such file or folder."));
            }
        }

        return found;
    }
}
