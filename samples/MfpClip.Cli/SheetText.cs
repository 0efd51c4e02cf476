using System.Globalization;
using System.Text;
using SkiaSharp;

namespace MfpClip.Cli;

/// <summary>Text on images in a font that this program carries, because servers and containers have none.</summary>
internal sealed class SheetText : IDisposable
{
    private const string Resource = "MfpClip.Cli.DejaVuSans-subset.ttf", Ellipsis = "\u2026";
    private readonly SKTypeface _typeface;

    public SheetText()
    {
        using var stream = typeof(SheetText).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"This build lacks its font {Resource}.");
        using var data = SKData.Create(stream);
        _typeface = SKTypeface.FromData(data);
    }

    /// <summary>Draws a line of text.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="text">What; characters that the font lacks are left out, see <see cref="Readable"/>.</param>
    /// <param name="x">Left edge, or right edge where <paramref name="right"/> is set.</param>
    /// <param name="baseline">Where letters stand.</param>
    /// <param name="size">Height of the font in pixels.</param>
    /// <param name="color">Colour.</param>
    /// <param name="bold">Whether strokes are thicker.</param>
    /// <param name="right">Whether the text ends at <paramref name="x"/>.</param>
    public void Draw(SKCanvas canvas, string text, float x, float baseline, float size, SKColor color, bool bold = false, bool right = false)
    {
        using var font = Font(size, bold);
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawText(text, x, baseline, right ? SKTextAlign.Right : SKTextAlign.Left, font, paint);
    }

    /// <summary>Width of a text in pixels.</summary>
    public float Width(string text, float size, bool bold = false)
    {
        using var font = Font(size, bold);
        return font.MeasureText(text);
    }

    /// <summary>A name of which the font has every character: others are replaced, run by run, with an ellipsis.</summary>
    /// <param name="name">Any text.</param>
    public string Readable(string name)
    {
        var text = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            if (_typeface.GetGlyph(rune.Value) != 0 && !Rune.IsControl(rune))
            {
                text.Append(rune);
            }
            else if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.Format)
                && (text.Length == 0 || text[^1] != Ellipsis[0]))
            {
                text.Append(Ellipsis);
            }
        }

        return text.ToString();
    }

    /// <summary>A name that fits a width: the middle is left out, since names of one series differ at their ends.</summary>
    /// <param name="name">A readable name.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="size">Height of the font.</param>
    public string Fitted(string name, float width, float size)
    {
        if (Width(name, size) <= width)
        {
            return name;
        }

        for (int kept = name.Length - 1; kept > 1; kept--)
        {
            int start = kept / 3;
            string shorter = $"{name[..start]}{Ellipsis}{name[^(kept - start)..]}";
            if (Width(shorter, size) <= width)
            {
                return shorter;
            }
        }

        return Ellipsis;
    }

    public void Dispose() => _typeface.Dispose();

    private SKFont Font(float size, bool bold) => new(_typeface, size) { Embolden = bold, Edging = SKFontEdging.Antialias, Hinting = SKFontHinting.None };
}
