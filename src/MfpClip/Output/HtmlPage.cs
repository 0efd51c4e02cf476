using System.Net;

namespace MfpClip.Output;

/// <summary>What the HTML pages of this library have in common: one file each, nothing from outside, light or dark as the reader's
/// system is. All are well-formed XML, too.</summary>
internal static class HtmlPage
{
    /// <summary>Ends a page.</summary>
    public const string End = "</body></html>\n";

    // Colours have names, so that every page is readable on a dark screen and on paper.
    private const string Look = """
        :root{color-scheme:light dark;--bg:#f3f5f8;--card:#fff;--ink:#18202e;--soft:#586275;--line:#dfe3ea;--fill:#eef1f5;--link:#1f5fbf;--bar:#8a94a6;
        --bad:#b42318;--bad-bg:#fdeceb;--good:#1b7440;--good-bg:#e7f5ec;--warn-bg:#fff4d6;--warn:#6b4c00;--normal:#3b7dd8;--defect:#d9480f;--third:#2b8a3e}
        @media(prefers-color-scheme:dark){:root{--bg:#11151c;--card:#1a202a;--ink:#e6eaf1;--soft:#9aa5b6;--line:#2c3544;--fill:#232b38;--link:#7fb0ff;
        --bar:#7b879b;--bad:#ff8a80;--bad-bg:#3a1d1c;--good:#76d39b;--good-bg:#173226;--warn-bg:#3a2f12;--warn:#f3d68a;--normal:#6ea8ff;--defect:#ff9a5c;
        --third:#6fd08c}}
        @media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--fill:#eee;--link:#000;--bar:#777;--bad:#a11;
        --bad-bg:#fff;--good:#161;--good-bg:#fff;--warn-bg:#fff;--warn:#000;--normal:#27c;--defect:#c40;--third:#262}
        body{margin:0!important;max-width:none!important}
        section,article{break-inside:avoid;box-shadow:none!important}}
        *{box-sizing:border-box}h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:0 0 .75rem}
        h3{font-size:.95rem;margin:1.25rem 0 .4rem}a{color:var(--link)}
        section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.25rem;margin:1rem 0}
        table{border-collapse:collapse}pre{overflow-x:auto;font-size:.8rem}summary{cursor:pointer}
        .notice{background:var(--warn-bg);color:var(--warn);padding:.75rem 1rem;border-radius:10px}.bad{color:var(--bad)}.good{color:var(--good)}
        svg{max-width:100%;height:auto;display:block}svg text{font:11px system-ui,sans-serif;fill:var(--soft)}
        svg .t{font-size:12px;font-weight:600;fill:var(--ink)}
        svg .g{stroke:var(--line);fill:none}svg .l{stroke:var(--ink);stroke-dasharray:4 3;fill:none}svg .lt{fill:var(--ink);font-weight:600}
        """;

    /// <summary>Starts a page, up to and with the opening of its body.</summary>
    /// <param name="title">Title of the window.</param>
    /// <param name="width">Greatest width of the text in rem.</param>
    /// <param name="style">Rules of this page, after those all pages share.</param>
    public static string Start(string title, int width, string style) => $$"""
        <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>{{Encode(title)}}</title>
        <style>
        body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;margin:1.5rem auto 3rem;max-width:{{width}}rem;padding:0 1rem;color:var(--ink);
        background:var(--bg)}
        {{Look}}
        {{style}}
        </style></head><body>

        """;

    /// <summary>A sentence every reader must know; nothing where there is none.</summary>
    public static string Notice(string? notice) => notice is null ? string.Empty : $"<p class=\"notice\">{Encode(notice)}</p>\n";

    /// <summary>A list of sentences.</summary>
    public static string List(IEnumerable<string> lines) => $"<ul>{string.Concat(lines.Select(l => $"<li>{Encode(l)}</li>"))}</ul>";

    /// <summary>An image that lies in the page.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="kind"><c>png</c>, <c>jpeg</c> or <c>webp</c>.</param>
    /// <param name="title">What it shows.</param>
    public static string Picture(byte[] file, string kind, string title) =>
        $"<img alt=\"{Encode(title)}\" loading=\"lazy\" decoding=\"async\" src=\"data:image/{kind};base64,{Convert.ToBase64String(file)}\"/>";

    /// <summary>Text as it must stand in a page; control characters, which no page may hold, become U+FFFD.</summary>
    public static string Encode(string text) =>
        WebUtility.HtmlEncode(string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t') ? '\uFFFD' : c)));
}
