using MfpClip.Data;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Training.Ablation;

/// <summary>Figure 6: image, ground truth, map without and with the mask prompt, next to each other, from the trained lines of the first seed.</summary>
internal static class MaskPromptFigure
{
    private const int Side = 224;
    private const int Gap = 6;

    /// <summary>The image; <see langword="null"/> where the study has no figure 6 or the test no defective image.</summary>
    public static RgbImage? Draw(
        AblationResult result, IReadOnlyList<AblationTable> tables, AnomalyDataSet test, AblationOptions options, CancellationToken cancellationToken)
    {
        if (options.Pictures < 1 || tables.FirstOrDefault(t => t.Key == "figure6") is not { Rows.Count: 2 } table
            || Choose(test, options.Pictures) is not { Count: > 0 } samples)
        {
            return null;
        }

        var runs = result.Tables.First(t => t.Key == table.Key).Rows.Select(r => r.Runs[0]).ToList();
        var maps = table.Rows.Zip(runs, (row, run) => Maps(row, run, samples, options, cancellationToken)).ToList();
        var reader = new SampleReader(options.Decoder ?? new SkiaImageDecoder());
        var lines = samples.Select((s, i) => Line(reader.Load(s.Sample), maps[1][i], maps[0][i])).ToList();
        return Stack(lines);
    }

    private static List<(AnomalySample Sample, string ClassName)> Choose(AnomalyDataSet test, int count)
    {
        var byCategory = test.Categories.Select(c =>
            new Queue<(AnomalySample, string)>(c.Test.Where(s => s.IsAnomalous).Select(s => (s, c.ClassName)))).ToList();
        var chosen = new List<(AnomalySample, string)>();
        while (chosen.Count < count && byCategory.Exists(q => q.Count > 0))
        {
            chosen.AddRange(byCategory.Where(q => q.Count > 0).Take(count - chosen.Count).Select(q => q.Dequeue()).ToList());
        }

        return chosen;
    }

    private static List<AnomalyMap> Maps(
        AblationRow row, AblationRun run, List<(AnomalySample Sample, string ClassName)> samples, AblationOptions options, CancellationToken cancellationToken)
    {
        var builder = row.Compose(run.Seed);
        using var detector = (run.Modules is { } modules ? builder.WithModuleWeights(Path.Combine(options.OutputFolder, modules)) : builder).Build();
        return [.. samples.Select(s => detector.Detect(s.Sample.ImagePath, new() { ClassName = s.ClassName }, cancellationToken))
            .Select(r => MapResize.ToSize(r, r.ImageWidth, r.ImageHeight))];
    }

    private static RgbImage Line(LoadedSample sample, AnomalyMap without, AnomalyMap with)
    {
        // One scale for both maps, so that they can be compared.
        var colors = new MapImageOptions
        {
            Minimum = Math.Min(without.Data.Min(), with.Data.Min()), Maximum = Math.Max(without.Data.Max(), with.Data.Max()), DrawRegions = false,
        };
        RgbImage[] pictures =
        [
            sample.Image, Truth(sample), MapImages.Overlay(sample.Image, without, options: colors), MapImages.Overlay(sample.Image, with, options: colors),
        ];
        var pixels = White((pictures.Length * (Side + Gap)) - Gap, Side);
        int width = (pictures.Length * (Side + Gap)) - Gap;
        for (int i = 0; i < pictures.Length; i++)
        {
            var small = PillowResize.Resize(pictures[i], Side, Side);
            for (int y = 0; y < Side; y++)
            {
                small.Pixels.Slice(y * Side * 3, Side * 3).CopyTo(pixels.AsSpan(((y * width) + (i * (Side + Gap))) * 3));
            }
        }

        return new(width, Side, pixels);
    }

    private static RgbImage Truth(LoadedSample sample)
    {
        var pixels = new byte[sample.Image.Data.Length];
        for (int i = 0; i < pixels.Length / 3; i++)
        {
            pixels.AsSpan(3 * i, 3).Fill(sample.Mask is null ? (byte)128 : sample.Mask.Data[i] ? (byte)255 : (byte)0);
        }

        return new(sample.Image.Width, sample.Image.Height, pixels);
    }

    private static RgbImage Stack(List<RgbImage> lines)
    {
        int width = lines[0].Width, height = (lines.Count * (Side + Gap)) - Gap;
        var pixels = White(width, height);
        for (int i = 0; i < lines.Count; i++)
        {
            lines[i].Pixels.CopyTo(pixels.AsSpan(i * (Side + Gap) * width * 3));
        }

        return new(width, height, pixels);
    }

    private static byte[] White(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        Array.Fill(pixels, (byte)255);
        return pixels;
    }
}
