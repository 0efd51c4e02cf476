using MfpClip.Distributed;

namespace MfpClip.Cli.Distributed;

/// <summary>Images that are submitted: photos and folders as <c>detect</c> takes them, lists of paths and URIs, and those on the standard input.</summary>
internal static class ImageList
{
    private const string StandardInput = "-", ListEnding = ".txt";

    /// <summary>All of them in the order named, and what was not taken.</summary>
    public static (IReadOnlyList<Uri> Images, ImageSearchResult Found) Read(IReadOnlyList<string> arguments, bool quiet)
    {
        var images = new List<Uri>();
        var skipped = new List<SkippedFile>();
        if (arguments.Count == 0)
        {
            Search([]);
        }

        foreach (string argument in arguments)
        {
            if (argument == StandardInput)
            {
                Lines(Console.In);
            }
            else if (argument.EndsWith(ListEnding, StringComparison.OrdinalIgnoreCase) && File.Exists(argument))
            {
                using var reader = File.OpenText(argument);
                Lines(reader);
            }
            else if (Address(argument) is { } uri)
            {
                images.Add(uri);
            }
            else
            {
                Search([argument]);
            }
        }

        return (images, new([.. images.Select(ImageNames.Of)], skipped));

        void Search(IReadOnlyList<string> paths)
        {
            var found = ImageFiles.Search(paths, quiet);
            images.AddRange(found.Images.Select(i => new Uri(Path.GetFullPath(i))));
            skipped.AddRange(found.Skipped);
        }

        void Lines(TextReader reader)
        {
            for (string? line; (line = reader.ReadLine()) is not null;)
            {
                if (line.Trim() is { Length: > 0 } text)
                {
                    images.Add(Address(text) ?? new Uri(Path.GetFullPath(text)));
                }
            }
        }
    }

    private static Uri? Address(string text) =>
        text.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null;
}
