using System.Globalization;

namespace MfpClip.Output;

/// <summary>What the colours of a heat map mean: a bar with the values of its ends and, where there is one, the pixel threshold.</summary>
internal static class MapLegend
{
    public const string Style = """
        .legend{margin:.75rem 0 0;max-width:28rem}.legend .bar{display:block;height:14px;border-radius:4px;border:1px solid var(--line);position:relative;
        print-color-adjust:exact;-webkit-print-color-adjust:exact}.legend .bar i{position:absolute;top:-4px;bottom:-4px;width:2px;background:var(--ink)}
        .legend .ends{display:flex;justify-content:space-between;font-size:.82rem;color:var(--soft);font-variant-numeric:tabular-nums}
        """;

    /// <param name="options">Colours.</param>
    /// <param name="pixelThreshold">Value of the mark; <see langword="null"/> or outside of the colours: no mark.</param>
    public static string Html(MapImageOptions options, double? pixelThreshold)
    {
        byte[] table = ColorMaps.Table(options.ColorMap);
        string stops = string.Join(',', Enumerable.Range(0, 17).Select(i => i * 255 / 16).Select(
            i => $"#{table[3 * i]:x2}{table[(3 * i) + 1]:x2}{table[(3 * i) + 2]:x2}"));
        string mark = string.Empty, ends;
        if (options.Maximum is { } high)
        {
            double low = options.Minimum, span = high - low;
            ends = string.Concat(Enumerable.Range(0, 5).Select(i => $"<span>{F(low + (span * i / 4))}</span>"));
            mark = pixelThreshold is { } t && t >= low && t <= high && span > 0
                ? $"<i style=\"left:{F(100 * (t - low) / span)}%\" title=\"pixel threshold {F(t)}\"></i>" : string.Empty;
        }
        else
        {
            ends = $"<span>{F(options.Minimum)}</span><span>highest value of each map</span>";
        }

        return $"<div class=\"legend\" role=\"img\" aria-label=\"colours of the anomaly map\"><span class=\"bar\" "
            + $"style=\"background:linear-gradient(90deg,{stops})\">{mark}"
            + $"</span><span class=\"ends\">{ends}</span></div>";
    }

    private static string F(double v) => v.ToString("0.###", CultureInfo.InvariantCulture);
}
