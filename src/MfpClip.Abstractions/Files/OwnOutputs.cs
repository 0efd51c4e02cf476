using System.Text;

namespace MfpClip;

/// <summary>
/// What this library writes for people and must not read as input. A folder that it made is marked by a file; of a folder that held other files before, single
/// files are recognised by their names and by what lies beside them, as are the folders of version 0.1, which have no mark.
/// </summary>
public static class OwnOutputs
{
    /// <summary>The file that marks a folder as output.</summary>
    public const string MarkerName = ".mfpclip-output";

    private const string Text = "MfpClip wrote this folder. Its images are results: they are left out where a folder around it is read.\n";
    private const string LockName = ".mfpclip.lock"; // of the run that is about to write to it
    private const string Page = "report.html";
    private const int PageStart = 4096;
    private static readonly string[] Endings = [".overlay.png", ".heatmap.png", ".map16.png", ".overlay.jpg", ".heatmap.jpg"];
    private static readonly string[] CaseEndings = [".photo.jpg", ".truth.png", ".map.jpg", ".overlay.jpg"];
    private static readonly string[] Figures = ["overview.png", "curves.png", "figure6.png"];
    private static readonly string[] FilesBesideFigures = [Page, "training.json", "ablation.json", "comparison.json", "results.json"];

    /// <summary>Marks a folder that only outputs are written to; one that holds other files already is left without a mark.</summary>
    /// <param name="folder">The folder; it is created where it is absent.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Mark(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        try
        {
            Directory.CreateDirectory(folder);
            if (Directory.EnumerateFileSystemEntries(folder).All(e => Path.GetFileName(e) == LockName))
            {
                File.WriteAllText(Path.Combine(folder, MarkerName), Text);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(folder, $"the folder cannot be written ({e.Message}).", e);
        }
    }

    /// <summary>Whether a folder is marked as output.</summary>
    /// <param name="folder">The folder.</param>
    public static bool IsFolder(string folder) => File.Exists(Path.Combine(folder, MarkerName));

    /// <summary>Whether a file is one of the images that this library writes, or one that it was writing when it was killed.</summary>
    /// <param name="path">The file.</param>
    public static bool IsFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string name = Path.GetFileName(path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return Endings.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase))
            || IsHalfWritten(name)
            || (Figures.Contains(name, StringComparer.OrdinalIgnoreCase) && FilesBesideFigures.Any(f => IsOurs(Path.Combine(folder, f))))
            || (Path.GetFileName(folder) == "cases" && CaseEndings.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase))
                && IsOurs(Path.Combine(Path.GetDirectoryName(folder)!, Page)));
    }

    // A page is recognised by its text, also one of version 0.1; the names of the others are taken for it.
    private static bool IsOurs(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        if (Path.GetFileName(path) != Page)
        {
            return true;
        }

        try
        {
            using var file = File.OpenRead(path);
            byte[] start = new byte[PageStart];
            string text = Encoding.UTF8.GetString(start, 0, file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false));
            return text.Contains("MfpClip", StringComparison.Ordinal) || text.Contains("<h1>Evaluation of ", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // "name.<32 hexadecimal digits>.tmp": files are written under such a name and renamed.
    private static bool IsHalfWritten(string name) =>
        name.EndsWith(".tmp", StringComparison.Ordinal) && name.Length > 37 && name[^37] == '.' && name[^36..^4].All(char.IsAsciiHexDigit);
}
