using MfpClip.Files;
using ScottPlot;

namespace MfpClip.Training.Watching;

/// <summary>Loss curves as an image: every step (thinned and smoothed) and every term by epoch.</summary>
internal static class LossCurves
{
    private const int Points = 1000;

    /// <summary>Draws and writes a PNG, atomically.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Draw(string path, IReadOnlyList<EpochRecord> epochs, IReadOnlyList<float> losses, int stepsPerEpoch)
    {
        using var plot = new Plot();
        plot.Title("Training loss");
        plot.XLabel("epoch");
        plot.YLabel("loss");
        if (losses.Count > 0)
        {
            int width = Math.Max(1, losses.Count / Points);
            var means = losses.Chunk(width).Select((c, i) => ((i * width) + (c.Length / 2.0), c.Average())).ToList();
            var steps = plot.Add.ScatterLine(
                means.Select(m => m.Item1 / stepsPerEpoch).ToArray(), means.Select(m => (double)m.Item2).ToArray(), Colors.LightGray);
            steps.LegendText = width == 1 ? "each step" : $"mean of {width} steps";
        }

        Add("total", [.. epochs.Select(e => e.Loss)]);
        foreach (string term in epochs.SelectMany(e => e.Terms.Keys).Distinct())
        {
            Add(term, [.. epochs.Select(e => e.Terms.GetValueOrDefault(term, double.NaN))]);
        }

        plot.ShowLegend(Alignment.UpperRight);
        byte[] png = plot.GetImageBytes(1000, 600, ImageFormat.Png);
        AtomicFile.Write(path, stream => stream.Write(png));

        void Add(string name, double[] values)
        {
            var line = plot.Add.Scatter(epochs.Select(e => e.Epoch + 1.0).ToArray(), values);
            line.LegendText = name;
        }
    }
}
