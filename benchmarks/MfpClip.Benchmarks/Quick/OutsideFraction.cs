using System.Diagnostics;
using MfpClip.Backbones;
using MfpClip.Execution;

namespace MfpClip.Benchmarks.Quick;

/// <summary>Which fraction of a call is spent outside the image tower, by a clock around every use of the tower.</summary>
internal static class OutsideFraction
{
    /// <summary>
    /// In bfloat16, where the tower is fastest and the rest weighs most, with texts cached (I2TP off). The result is for the composition
    /// whose prompts do not need a CNN; the log also tells the share with SP and its ResNet-50, and of the whole method.
    /// </summary>
    public static double Measure(TextWriter log)
    {
        double cached = Fraction("texts cached, no CNN", b => b.WithoutImageToTextPrompt().WithoutSelfPrompt(), log);
        Fraction("texts cached, SP fed by ResNet-50", b => b.WithoutImageToTextPrompt(), log);
        Fraction("every module on, text tower for each image", b => b, log);
        return cached;
    }

    private static double Fraction(string name, Func<ZeroShotDetectorBuilder, ZeroShotDetectorBuilder> compose, TextWriter log)
    {
        var clock = new ClockedBackbone(Workload.Backbone(ScalarType.BFloat16));
        using var detector = compose(Workload.Paper(clock)).Build();
        var fractions = new List<(double Fraction, double Total)>();
        for (int i = 0; i < 4; i++)
        {
            clock.Tower.Spent = TimeSpan.Zero;
            long start = Stopwatch.GetTimestamp();
            detector.Detect(Workload.Image, new() { ClassName = Workload.ClassName });
            var all = Stopwatch.GetElapsedTime(start);
            fractions.Add((1 - (clock.Tower.Spent / all), all.TotalMilliseconds));
        }

        var median = fractions.Skip(1).OrderBy(s => s.Fraction).ElementAt(1);
        log.WriteLine(FormattableString.Invariant($"Outside the image tower, {name}: {median.Fraction:P1} of {median.Total:0} ms"));
        return median.Fraction;
    }

    private sealed class ClockedBackbone(IClipBackbone inner) : IClipBackbone
    {
        public ClockedTower Tower { get; } = new(inner.Vision);

        public IVisionTower Vision => Tower;

        public ITextTower Text => inner.Text;

        public double LogitScale => inner.LogitScale;

        public (float[] Mean, float[] Std) Normalization => inner.Normalization;

        public StageDescription Describe() => inner.Describe();

        public void Dispose() => inner.Dispose();
    }

    private sealed class ClockedTower(IVisionTower inner) : IVisionTower
    {
        public TimeSpan Spent { get; set; }

        public int Width => inner.Width;

        public int Layers => inner.Layers;

        public int EmbedDim => inner.EmbedDim;

        public int PatchSize => inner.PatchSize;

        public torch.Device Device => inner.Device;

        public ScalarType Precision => inner.Precision;

        public Tensor Embed(Tensor images) => Clock(() => inner.Embed(images));

        public Tensor RunBlocks(Tensor tokens, int first, int count, ForwardContext context) => Clock(() => inner.RunBlocks(tokens, first, count, context));

        public Tensor Project(Tensor tokens) => Clock(() => inner.Project(tokens));

        private Tensor Clock(Func<Tensor> work)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                return work();
            }
            finally
            {
                Spent += Stopwatch.GetElapsedTime(start);
            }
        }
    }
}
