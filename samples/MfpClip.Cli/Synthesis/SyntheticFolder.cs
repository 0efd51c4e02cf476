using System.Runtime.InteropServices;
using System.Text.Json;
using MfpClip.Output;
using SkiaSharp;

namespace MfpClip.Cli.Synthesis;

/// <summary>What was written and what was there already.</summary>
internal sealed record SyntheticSummary(string Folder, int Categories, int Images, int Written, int Kept, double Seconds);

/// <summary>
/// Writes a planned set. Every file is written whole or not at all; a line in captions.jsonl is added once image and mask are there, so a run that
/// broke off goes on where it was. The lines are put in the plan's order at the end.
/// </summary>
internal sealed class SyntheticFolder(string root)
{
    private const string Captions = "captions.jsonl";
    private const string Settings = "synthesize.json";
    private static readonly JsonSerializerOptions Json = new(CliJson.Options) { WriteIndented = false };
    private static readonly EnumerationOptions InTheFolder = new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false };
    private readonly Lock _gate = new();

    /// <param name="plan">What to write.</param>
    /// <param name="settings">What the plan follows from; another set in the folder is an error.</param>
    /// <param name="jobs">Images at a time.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Stops between images; what is finished stays.</param>
    /// <exception cref="OutputException">A file cannot be written, or the folder holds another set.</exception>
    public SyntheticSummary Write(SyntheticPlan plan, object settings, int jobs, Action<int> progress, CancellationToken cancellationToken)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Claim(JsonSerializer.Serialize(settings, Json));
        var known = ReadCaptions();
        var todo = plan.Pictures.Where(p =>
            !(known.ContainsKey(p.Image) && File.Exists(PathOf(p.Image)) && (p.Mask is null || File.Exists(PathOf(p.Mask))))).ToList();
        int kept = plan.Pictures.Count - todo.Count, done = kept;
        progress(done);
        using (var journal = Open(Path.Combine(root, Captions)))
        {
            try
            {
                Parallel.ForEach(todo, new() { MaxDegreeOfParallelism = jobs, CancellationToken = cancellationToken }, picture =>
                {
                    string line = Finish(picture);
                    lock (_gate)
                    {
                        known[picture.Image] = line;
                        journal.WriteLine(line);
                        journal.Flush();
                        progress(++done);
                    }
                });
            }
            catch (AggregateException e)
            {
                // The first image that failed says why.
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions[0]);
            }
        }

        WriteWhole(Path.Combine(root, Captions), System.Text.Encoding.UTF8.GetBytes(string.Concat(plan.Pictures.Select(p => known[p.Image] + "\n"))));
        return new(root, plan.Pictures.Select(p => p.Category).Distinct()
            .Count(), plan.Pictures.Count, todo.Count, kept, System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>8-bit grey PNG, 0 or 255.</summary>
    public static byte[] MaskPng(bool[] mask, int width, int height)
    {
        byte[] grey = [.. mask.Select(m => m ? byte.MaxValue : (byte)0)];
        var pinned = GCHandle.Alloc(grey, GCHandleType.Pinned);
        try
        {
            using var pixmap = new SKPixmap(new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque), pinned.AddrOfPinnedObject());
            using var data = pixmap.Encode(SKEncodedImageFormat.Png, 100) ?? throw new InvalidOperationException(
                $"SkiaSharp cannot encode {width} x {height} grey pixels as PNG.");
            return data.ToArray();
        }
        finally
        {
            pinned.Free();
        }
    }

    private string Finish(PlannedImage picture)
    {
        var made = picture.Make();
        MapFiles.WritePng(PathOf(picture.Image), made.Image);
        if (picture.Mask is { } mask)
        {
            WriteWhole(PathOf(mask), MaskPng(made.Mask, made.Image.Width, made.Image.Height));
        }

        return JsonSerializer.Serialize(
            new
            {
                Image = picture.Image, Mask = picture.Mask, picture.Category, made.Caption, Good = made.Defects.Count == 0,
                Defects = made.Defects.Select(d => new { Kind = SyntheticPlan.KindName(d.Kind), d.Area, Box = new[] { d.X, d.Y, d.Width, d.Height } }),
            }, Json);
    }

    private string PathOf(string relative) => Path.Combine(root, relative.Replace('/', Path.DirectorySeparatorChar));

    // The settings that a folder was begun with stay with it: images of two sets never mix.
    private void Claim(string settings)
    {
        string path = Path.Combine(root, Settings);
        if (File.Exists(path))
        {
            if (File.ReadAllText(path).Trim() != settings)
            {
                throw new OutputException(root,
                    "it holds a set made with other options (see synthesize.json). Take another folder, or give the same options to go on with this one.");
            }

            // What a killed run was writing; whole files have their names already. A link would lead out of the folder.
            foreach (var entry in new DirectoryInfo(root).EnumerateFileSystemInfos("*", InTheFolder))
            {
                if (entry.LinkTarget is not null)
                {
                    throw new OutputException(
                        entry.FullName, "it is a link, and nothing is written or removed through one. Remove it, or take another folder.");
                }

                if (entry is FileInfo && IsUnfinished(entry.Name))
                {
                    entry.Delete();
                }
            }

            return;
        }

        // A run that was killed before it had claimed the folder leaves at most this.
        string[] entries = Directory.Exists(root) ? Directory.GetFileSystemEntries(root) : [];
        if (!Array.TrueForAll(entries, e => IsUnfinished(Path.GetFileName(e)) && Path.GetFileName(e).StartsWith(Settings, StringComparison.Ordinal)))
        {
            throw new OutputException(root, "it holds files that are no synthetic set. Take a new folder.");
        }

        Array.ForEach(entries, File.Delete);

        WriteWhole(path, System.Text.Encoding.UTF8.GetBytes(settings + "\n"));
    }

    // "name.<32 hexadecimal digits>.tmp": files are written under such a name and renamed. Any other file is somebody's.
    private static bool IsUnfinished(string name) =>
        name.EndsWith(".tmp", StringComparison.Ordinal) && name.Length > 37 && name[^37] == '.' && name[^36..^4].All(char.IsAsciiHexDigit);

    // A line that a broken-off run wrote half is passed by.
    private Dictionary<string, string> ReadCaptions()
    {
        var lines = new Dictionary<string, string>(StringComparer.Ordinal);
        string path = Path.Combine(root, Captions);
        foreach (string line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            try
            {
                using var parsed = JsonDocument.Parse(line);
                lines[parsed.RootElement.GetProperty("image").GetString()!] = line;
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                // Its image is made again.
            }
        }

        return lines;
    }

    private static StreamWriter Open(string path)
    {
        try
        {
            // A half line at the end must not swallow the next one.
            var writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read)) { NewLine = "\n" };
            writer.WriteLine();
            return writer;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(path, $"it cannot be written ({e.Message}).", e);
        }
    }

    private static void WriteWhole(string path, byte[] bytes)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        // .NET tells a file that outgrows its file system as a wrong argument.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            File.Delete(temporary);
            throw new OutputException(path, $"it cannot be written ({e.Message}).", e);
        }
    }
}
