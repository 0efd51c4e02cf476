using System.Globalization;
using MfpClip.Output;
using SkiaSharp;

namespace MfpClip.Cli;

/// <summary>
/// What a run found, in one image: each photo next to its overlay, with number, name, score and decision below, and what the colours mean at the end.
/// </summary>
internal sealed class OverviewSheet
{
    /// <summary>Photos beyond these are in the report only.</summary>
    public const int Most = 48;

    private const int Side = 160, Gap = 14, Pair = (2 * Side) + 4, Caption = 46, Across = 4, Head = 54, Foot = 58, Narrowest = 2;

    private static readonly SKColor Ink = new(24, 32, 46), Soft = new(88, 98, 117), Line = new(223, 227, 234), Empty = new(238, 241, 245),
        Bad = new(180, 35, 24), Good = new(27, 116, 64);

    private readonly List<(AnomalyResult Result, RgbImage Photo, RgbImage Overlay)> _found = [];
    private readonly List<string> _names = [];

    /// <summary>Adds an image; all of them are counted, the first <see cref="Most"/> drawn.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="photo">The photo.</param>
    /// <param name="overlay">Of the photo's size.</param>
    public void Add(AnomalyResult result, RgbImage photo, RgbImage overlay)
    {
        _names.Add(result.ImageName);
        if (_found.Count < Most)
        {
            // Scores and names are kept, maps are not.
            _found.Add((result with { ImageMap = null, ModelMap = new(1, 1, [0]), Regions = [] }, Small(photo), Small(overlay)));
        }
    }

    /// <summary>The image; <see langword="null"/> where nothing was added.</summary>
    /// <param name="colors">Colours of the overlays.</param>
    public RgbImage? Draw(MapImageOptions colors)
    {
        if (_found.Count == 0)
        {
            return null;
        }

        int columns = Math.Clamp(_found.Count, Narrowest, Across), rows = (_found.Count + Across - 1) / Across;
        int width = Gap + (columns * (Pair + Gap)), height = Head + (rows * (Side + Caption + Gap)) + Foot;
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(bitmap))
        using (var text = new SheetText())
        {
            canvas.Clear(SKColors.White);
            Heading(canvas, text, width);
            var names = DistinctNames.Of(_names);
            for (int i = 0; i < _found.Count; i++)
            {
                One(canvas, text, i, names[i]);
            }

            Legend(canvas, text, colors, height - Foot);
        }

        var sheet = Pixels(bitmap);
        for (int i = 0; i < _found.Count; i++)
        {
            var (x, y) = Corner(i);
            Place(sheet, _found[i].Photo, x, y);
            Place(sheet, _found[i].Overlay, x + Side + 4, y);
        }

        return sheet;
    }

    private void Heading(SKCanvas canvas, SheetText text, int width)
    {
        int bad = _found.Count(f => f.Result.IsAnomalous == true), good = _found.Count(f => f.Result.IsAnomalous == false);
        string shown = _names.Count > _found.Count ? $"the first {_found.Count} of {_names.Count} images" : $"{_found.Count} images";
        string decided = bad + good == 0 ? "no calibration, so nothing is decided" : $"{bad} anomalous, {good} normal";
        text.Draw(canvas, $"{shown}: {decided}", Gap, 32, 17, Ink, bold: true);
        if (_found.Select(f => f.Result.Threshold).Distinct().ToList() is [{ } threshold] && width > 800)
        {
            text.Draw(canvas, $"anomalous from a score of {Number(threshold)}", width - Gap, 32, 14, Soft, right: true);
        }
    }

    private static (int X, int Y) Corner(int index) => (Gap + (index % Across * (Pair + Gap)), Head + (index / Across * (Side + Caption + Gap)));

    private void One(SKCanvas canvas, SheetText text, int index, string name)
    {
        var (x, y) = Corner(index);
        var result = _found[index].Result;
        var (color, decision) = result.IsAnomalous switch { true => (Bad, "anomalous"), false => (Good, "normal"), _ => (Soft, string.Empty) };
        string number = $"{index + 1}";
        text.Draw(canvas, number, x, y + Side + 17, 13, Soft);
        float left = x + text.Width(number, 13) + 7;
        text.Draw(canvas, text.Fitted(text.Readable(name), x + Pair - left, 13), left, y + Side + 17, 13, Ink);

        // A bar as long as the score, with a mark at the threshold.
        float score = float.IsFinite(result.Score) ? Math.Clamp(result.Score, 0, 1) : 0, bar = y + Side + 30;
        const int Long = 150;
        text.Draw(canvas, Number(result.Score), x, y + Side + 37, 14, Ink, bold: true);
        using var paint = new SKPaint { IsAntialias = true, Color = Empty };
        canvas.DrawRect(x, y, Side, Side, paint);
        canvas.DrawRect(x + Side + 4, y, Side, Side, paint);
        paint.Color = Line;
        canvas.DrawRoundRect(x + 58, bar, Long, 7, 3, 3, paint);
        paint.Color = result.IsAnomalous is null ? Soft : color;
        canvas.DrawRoundRect(x + 58, bar, score * Long, 7, 3, 3, paint);
        paint.Color = Ink;
        if (result.Threshold is { } t and >= 0 and <= 1)
        {
            canvas.DrawRect(x + 57 + (t * Long), bar - 3, 2, 13, paint);
        }

        text.Draw(canvas, decision, x + Pair, y + Side + 37, 13, color, bold: true, right: true);
    }

    private static void Legend(SKCanvas canvas, SheetText text, MapImageOptions colors, int top)
    {
        const int Steps = 256, Wide = 256, Left = Gap + 100;
        var ramp = MapImages.HeatMap(new(Steps, 1, [.. Enumerable.Range(0, Steps).Select(i => i / (Steps - 1f))]), new() { ColorMap = colors.ColorMap });
        text.Draw(canvas, "anomaly map", Gap, top + 22, 13, Soft);
        using var paint = new SKPaint();
        for (int i = 0; i < Steps; i++)
        {
            paint.Color = new(ramp.Data[3 * i], ramp.Data[(3 * i) + 1], ramp.Data[(3 * i) + 2]);
            canvas.DrawRect(Left + i, top + 10, 1, 14, paint);
        }

        float low = colors.Minimum;
        text.Draw(canvas, Short(low), Left, top + 40, 12, Soft);
        text.Draw(canvas, colors.Maximum is { } high ? Short(high) : "each map's highest", Left + Wide, top + 40, 12, Soft, right: true);
        text.Draw(canvas, "bar: score from 0 to 1, mark: threshold", Left + Wide + 24, top + 22, 13, Soft);
    }

    private static RgbImage Pixels(SKBitmap bitmap)
    {
        var rgba = bitmap.GetPixelSpan();
        byte[] pixels = new byte[rgba.Length / 4 * 3];
        for (int from = 0, to = 0; from < rgba.Length; from += 4, to += 3)
        {
            rgba.Slice(from, 3).CopyTo(pixels.AsSpan(to));
        }

        return new(bitmap.Width, bitmap.Height, pixels);
    }

    private static void Place(RgbImage sheet, RgbImage picture, int left, int top)
    {
        int x = left + ((Side - picture.Width) / 2), y = top + ((Side - picture.Height) / 2);
        for (int row = 0; row < picture.Height; row++)
        {
            picture.Pixels.Slice(row * picture.Width * 3, picture.Width * 3).CopyTo(sheet.Data.AsSpan((((y + row) * sheet.Width) + x) * 3));
        }
    }

    private static RgbImage Small(RgbImage image)
    {
        double scale = (double)Side / Math.Max(image.Width, image.Height);
        int width = Math.Max(1, (int)Math.Round(image.Width * scale)), height = Math.Max(1, (int)Math.Round(image.Height * scale));
        byte[] pixels = new byte[width * height * 3];
        Parallel.For(0, height, y =>
        {
            var (top, bottom) = Span(y, height, image.Height);
            for (int x = 0; x < width; x++)
            {
                var (left, right) = Span(x, width, image.Width);
                Mean(image, left, right, top, bottom, pixels.AsSpan(((y * width) + x) * 3, 3));
            }
        });
        return new(width, height, pixels);
    }

    // Mean of the pixels under a target pixel; a smaller photo is drawn larger, pixel by pixel.
    private static void Mean(RgbImage image, int left, int right, int top, int bottom, Span<byte> pixel)
    {
        long red = 0, green = 0, blue = 0, count = (long)(right - left) * (bottom - top);
        for (int row = top; row < bottom; row++)
        {
            for (int at = ((row * image.Width) + left) * 3; at < ((row * image.Width) + right) * 3; at += 3)
            {
                (red, green, blue) = (red + image.Data[at], green + image.Data[at + 1], blue + image.Data[at + 2]);
            }
        }

        (pixel[0], pixel[1], pixel[2]) = ((byte)(red / count), (byte)(green / count), (byte)(blue / count));
    }

    private static (int From, int To) Span(int at, int target, int source)
    {
        int from = (int)((long)at * source / target);
        return (from, Math.Max(from + 1, (int)((long)(at + 1) * source / target)));
    }

    private static string Short(float v) => v.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Number(float v) => v.ToString("0.000", CultureInfo.InvariantCulture);
}
