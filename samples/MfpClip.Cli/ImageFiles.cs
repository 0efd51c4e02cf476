using MfpClip.ImageSharp;
using MfpClip.Tiff;

namespace MfpClip.Cli;

/// <summary>The photos that a user means, and what of them could not be taken: one line for each, and an exit code other than 0.</summary>
internal static class ImageFiles
{
    /// <summary>What every command reads images with: SkiaSharp; LibTiff for TIFF, and ImageSharp for kinds of TIFF that are not read through it.</summary>
    public static IImageDecoder Decoder { get; } = new TiffImageDecoder(new TiffFallbackDecoder());

    /// <summary>Whether a file that may be an image was not taken by any search of this run.</summary>
    public static bool AnyFault { get; private set; }

    /// <summary>
    /// Files as they are, folders with all their images (<see cref="ImageSearch"/>), nothing: the bundled samples. Says how many files it left out.
    /// </summary>
    /// <param name="paths">What the user named.</param>
    /// <param name="quiet">Whether nothing is said.</param>
    public static ImageSearchResult Search(IReadOnlyList<string> paths, bool quiet)
    {
        if (paths.Count == 0)
        {
            return new([.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png").Order(StringComparer.Ordinal)], []);
        }

        var found = ImageSearch.Find(paths, Decoder);
        if (!quiet && found.Images.Count > 0 && found.SkippedCounts is { } counts)
        {
            Console.WriteLine($"Left out: {counts}.");
        }

        return found;
    }

    /// <summary>The same, with a line on the error stream for each file that may be an image and was not taken.</summary>
    /// <param name="paths">What the user named.</param>
    /// <param name="quiet">Whether only those lines are said.</param>
    /// <exception cref="ImageDecodeException">There is no image at all.</exception>
    public static ImageSearchResult Find(IReadOnlyList<string> paths, bool quiet)
    {
        var found = Search(paths, quiet);
        if (found.Images.Count == 0)
        {
            var first = found.Faults.FirstOrDefault();
            throw new ImageDecodeException(first?.Path ?? paths[0], first?.Explanation ?? NoImage(found));
        }

        foreach (var fault in found.Faults)
        {
            AnyFault = true;
            Failure.Tell(Line(fault));
        }

        return found;
    }

    /// <summary>The photos that the detector can read; the others are named and left out, so that one does not end the run.</summary>
    /// <param name="detector">Whose decoder is tried.</param>
    /// <param name="files">Photos.</param>
    /// <param name="what">What the line of one begins with.</param>
    /// <param name="failures">Takes a line for each that cannot be read.</param>
    public static IReadOnlyList<string> Readable(ZeroShotDetector detector, IReadOnlyList<string> files, string what, List<string> failures)
    {
        var readable = new List<string>();
        foreach (string file in files)
        {
            try
            {
                detector.Input.Decode(ImageInput.FromFile(file));
                readable.Add(file);
            }
            catch (ImageDecodeException e)
            {
                failures.Add($"{what} {e.Message}");
            }
        }

        return readable;
    }

    /// <summary>A file that was not taken, in one line.</summary>
    public static string Line(SkippedFile file) => $"Image '{file.Path}': {file.Explanation}";

    /// <summary>What is said where there is no image at all.</summary>
    public static string None(IReadOnlyList<string> paths, ImageSearchResult found) =>
        found.Faults.Any() ? string.Join(" ", found.Faults.Select(Line)) : $"Image '{paths[0]}': {NoImage(found)}";

    /// <summary>What was not taken, for JSON.</summary>
    public static IEnumerable<object> AsJson(IReadOnlyList<SkippedFile> skipped) =>
        skipped.Select(s => new { s.Path, Reason = $"{s.Reason}", s.Explanation, s.IsFault });

    private static string NoImage(ImageSearchResult found) =>
        "there is no image to read." + (found.SkippedCounts is { } left ? $" Left out: {left}." : string.Empty);
}
