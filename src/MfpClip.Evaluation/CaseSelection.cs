using MfpClip.Data;
using MfpClip.Evaluation.Reports;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Evaluation;

/// <summary>Keeps the best and the worst cases of a category while it runs, and draws them in the end.</summary>
internal sealed class CaseSelection(int perKind)
{
    private const int Side = 256;
    private readonly Dictionary<CaseKind, List<Kept>> _kept = Enum.GetValues<CaseKind>().ToDictionary(k => k, _ => new List<Kept>());
    private float _low = float.PositiveInfinity, _high = float.NegativeInfinity;

    public void Offer(ImageOutcome outcome, LoadedSample sample, AnomalyMap map, RegionOfInterest? inspected)
    {
        (_low, _high) = (Math.Min(_low, map.Data.Min()), Math.Max(_high, outcome.MapMaximum));
        if (perKind == 0)
        {
            return;
        }

        foreach (var kind in outcome.Defect is null ? new[] { CaseKind.FalseAlarm, CaseKind.Passed } : [CaseKind.Missed, CaseKind.Found])
        {
            bool highest = kind is CaseKind.FalseAlarm or CaseKind.Found;
            var kept = _kept[kind];
            // Small images are kept, not whole ones; most images are never drawn.
            if (kept.Count < perKind || (highest ? outcome.Score > kept[^1].Outcome.Score : outcome.Score < kept[^1].Outcome.Score))
            {
                kept.Add(Shrink(outcome, sample, map) with { Inspected = inspected });
                kept.Sort((a, b) => highest ? b.Outcome.Score.CompareTo(a.Outcome.Score) : a.Outcome.Score.CompareTo(b.Outcome.Score));
                if (kept.Count > perKind)
                {
                    kept.RemoveAt(perKind);
                }
            }
        }
    }

    public IReadOnlyList<EvaluationCase> Draw()
    {
        var drawn = new HashSet<string>(StringComparer.Ordinal);
        // In a small category the same image can be both the best and the worst; it is shown once, as the worse.
        return [.. _kept.OrderBy(k => k.Key).SelectMany(k => k.Value.Where(v => drawn.Add(v.Outcome.Image)).Select(v => Draw(k.Key, v)))];
    }

    private EvaluationCase Draw(CaseKind kind, Kept kept)
    {
        var colors = new MapImageOptions { Minimum = _low, Maximum = _high, DrawRegions = false };
        var overlay = MapImages.Overlay(kept.Photo, kept.Map, options: colors with { Outline = kept.Inspected });
        return new()
        {
            Kind = kind, Outcome = kept.Outcome, Photo = JpegFile.Encode(kept.Photo), Map = JpegFile.Encode(MapImages.HeatMap(kept.Map, colors)),
            Truth = kept.Mask is null ? null : MapImages.ToPng(Picture(kept.Mask)),
            Overlay = JpegFile.Encode(kept.Mask is null ? overlay : Outlined(overlay, kept.Mask)),
        };
    }

    private static Kept Shrink(ImageOutcome outcome, LoadedSample sample, AnomalyMap map)
    {
        double scale = Math.Min(1, (double)Side / Math.Max(sample.Image.Width, sample.Image.Height));
        int width = Math.Max(1, (int)Math.Round(sample.Image.Width * scale)), height = Math.Max(1, (int)Math.Round(sample.Image.Height * scale));
        return new(outcome, PillowResize.Resize(sample.Image, width, height), Nearest(sample.Mask, width, height), MapResize.ToImage(map, width, height));
    }

    // For the eye: a small defect must not vanish, so a pixel is marked if any of those it stands for is.
    private static AnomalyMask? Nearest(AnomalyMask? mask, int width, int height)
    {
        if (mask is null)
        {
            return null;
        }

        var values = new bool[width * height];
        for (int i = 0; i < mask.Data.Length; i++)
        {
            if (mask.Data[i])
            {
                values[(int)((long)(i / mask.Width) * height / mask.Height * width) + (int)((long)(i % mask.Width) * width / mask.Width)] = true;
            }
        }

        return new(width, height, values);
    }

    private static RgbImage Picture(AnomalyMask mask)
    {
        var pixels = new byte[mask.Data.Length * 3];
        for (int i = 0; i < mask.Data.Length; i++)
        {
            pixels.AsSpan(3 * i, 3).Fill(mask.Data[i] ? (byte)255 : (byte)0);
        }

        return new(mask.Width, mask.Height, pixels);
    }

    private static RgbImage Outlined(RgbImage image, AnomalyMask mask)
    {
        byte[] pixels = [.. image.Data];
        for (int y = 0; y < mask.Height; y++)
        {
            for (int x = 0; x < mask.Width; x++)
            {
                bool edge = !mask.Data[(y * mask.Width) + x] && (
                    (x > 0 && mask.Data[(y * mask.Width) + x - 1]) || (x + 1 < mask.Width && mask.Data[(y * mask.Width) + x + 1])
                    || (y > 0 && mask.Data[((y - 1) * mask.Width) + x]) || (y + 1 < mask.Height && mask.Data[((y + 1) * mask.Width) + x]));
                if (edge)
                {
                    pixels.AsSpan(((y * mask.Width) + x) * 3, 3).Fill(255);
                }
            }
        }

        return new(image.Width, image.Height, pixels);
    }

    private sealed record Kept(ImageOutcome Outcome, RgbImage Photo, AnomalyMask? Mask, AnomalyMap Map)
    {
        public RegionOfInterest? Inspected { get; init; }
    }
}
