using System.Net;

namespace MfpClip.Output;

/// <summary>What the HTML pages of this library have in common: one file each, no script, nothing from outside.</summary>
internal static class HtmlPage
{
    /// <summary>Ends a page.</summary>
    public const string End = "</body></html>\n";

    private const string Look = """
        section{background:#fff;border-radius:8px;padding:1rem 1.25rem;margin:1rem 0;box-shadow:0 1px 3px #0002}table{border-collapse:collapse}
        .notice{background:#fff3cd;padding:.75rem 1rem;border-radius:8px}.bad{color:#b3261e}.good{color:#1b7f3b}
        """;

    /// <summary>Starts a page, up to and with the opening of its body.</summary>
    /// <param name="title">Title of the window.</param>
    /// <param name="width">Greatest width of the text in rem.</param>
    /// <param name="style">Rules of this page, after those all pages share.</param>
    public static string Start(string title, int width, string style) => $$"""
        <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{Encode(title)}}</title><style>
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:{{width}}rem;padding:0 1rem;color:#1d2330;background:#f6f7f9}
        {{Look}}
        {{style}}
        </style></head><body>
        """;

    /// <summary>A sentence every reader must know; nothing where there is none.</summary>
    public static string Notice(string? notice) => notice is null ? string.Empty : $"<p class=notice>{Encode(notice)}</p>\n";

    /// <summary>A list of sentences.</summary>
    public static string List(IEnumerable<string> lines) => $"<ul>{string.Concat(lines.Select(l => $"<li>{Encode(l)}</li>"))}</ul>";

    /// <summary>An image that lies in the page.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="kind"><c>png</c> or <c>jpeg</c>.</param>
    /// <param name="title">What it shows.</param>
    public static string Picture(byte[] file, string kind, string title) =>
        $"<img alt=\"{Encode(title)}\" src=\"data:image/{kind};base64,{Convert.ToBase64String(file)}\">";

    /// <summary>Text as it must stand in a page.</summary>
    public static string Encode(string text) => WebUtility.HtmlEncode(text);
}
