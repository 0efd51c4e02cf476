using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using MfpClip.Backbones.Dino;
using MfpClip.Data;
using MfpClip.Evaluation.Reports;
using MfpClip.Evaluation.Shots;
using MfpClip.Methods.AnomalyDino;
using MfpClip.Methods.PatchCore;
using MfpClip.Methods.SubspaceAd;

namespace MfpClip.Evaluation.Tests;

public sealed class ShotStudyTests : IDisposable
{
    private static readonly DinoConfig Tiny = new() { Width = 32, Layers = 4, Heads = 2, ImageSize = 56 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    [InlineData("patchcore")]
    [InlineData("winclip")]
    public void Every_row_gives_what_a_detector_with_its_images_gives_alone(string method)
    {
        var data = SmallDataSet.Write(_folder, "nut", good: 5, bad: 4);
        using var detector = Model(method).Build();

        var report = new ShotStudy(new() { OutputFolder = _folder["out"], Shots = [EvaluationOptions.AllShots, 2, 1], Seeds = [0, 3] }).Run(detector, data);

        Assert.Equal(["1 0", "1 3", "2 0", "2 3", "all 0"], report.Runs.Select(r => $"{r.Settings["shots"]} {r.Seed}"));
        foreach (var run in report.Runs)
        {
            var category = Assert.Single(run.Categories);
            string[] names = Draw(data.Categories[0], run.Seed, run.Settings["shots"] == "all" ? int.MaxValue : int.Parse(run.Settings["shots"],
                CultureInfo.InvariantCulture));
            Assert.Equal(names, category.References);
            using var alone = detector.WithReferences(
                [.. names.Select(n => ImageInput.FromFile(Path.Combine(data.Categories[0].Path, n)))], new() { ClassName = "nut" });
            foreach (var outcome in category.Outcomes)
            {
                var image = alone.Detect(ImageInput.FromFile(Path.Combine(data.Categories[0].Path, outcome.Image)), new DetectionOptions { ClassName = "nut" });
                Assert.Equal(image.Score, outcome.Score, 1e-4f);
            }
        }

        Assert.True(report.Runs.Select(r => string.Join(' ', r.Categories[0].Outcomes.Select(o => o.Score))).Distinct().Count() == 5, "rows are alike");
    }

    [Fact]
    public void A_study_goes_on_where_it_stopped_and_refuses_another_detector()
    {
        SmallDataSet.Write(_folder, "set/cap", good: 3, bad: 3);
        var data = DataSetReader.Open(Path.GetDirectoryName(SmallDataSet.Write(_folder, "set/nut", good: 3, bad: 3).Path)!);
        var options = new ShotStudyOptions { OutputFolder = _folder["out"], Shots = [1, 2], Evaluation = new() { Cases = 0 } };
        using var detector = Model("anomaly-dino").Build();
        using var stop = new CancellationTokenSource();
        var progress = new Reporting(p =>
        {
            if (p.Category.StartsWith("nut", StringComparison.Ordinal))
            {
                stop.Cancel(); // the first category is done
            }
        });

        Assert.ThrowsAny<OperationCanceledException>(() => new ShotStudy(options).Run(detector, data, null, progress, stop.Token));
        string[] kept = Directory.GetFiles(_folder["out"], "results.json", SearchOption.AllDirectories);
        Assert.Equal(2, kept.Length);
        var written = kept.Select(File.GetLastWriteTimeUtc).ToList();

        var whole = new ShotStudy(options).Run(detector, data);

        Assert.Equal(written, kept.Select(File.GetLastWriteTimeUtc));
        Assert.All(whole.Runs, r => Assert.Equal(["cap", "nut"], r.Categories.Select(c => c.Key)));
        using var other = Model("anomaly-dino", seed: 2).Build();
        Assert.Contains("other weights", Assert.Throws<ResultsException>(() => new ShotStudy(options).Run(other, data)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_plot_and_files_hold_mean_and_deviation_of_the_draws()
    {
        var data = SmallDataSet.Write(_folder, "nut", good: 6, bad: 5);
        using var detector = Model("anomaly-dino").Build();
        var report = new ShotStudy(new() { OutputFolder = _folder["out"], Shots = [1, 2, EvaluationOptions.AllShots], Seeds = [0, 1, 2] }).Run(detector, data);
        string page = EvaluationReportFiles.Write(_folder["out"], report);

        double[] two = [.. report.Runs.Where(r => r.Settings["shots"] == "2").Select(r => 100 * r.Mean.PixelAuroc.Value!.Value)];
        double mean = two.Average(), deviation = Math.Sqrt(two.Sum(v => (v - mean) * (v - mean)) / 2);
        string cell = string.Create(CultureInfo.InvariantCulture, $"{mean:0.0} ± {deviation:0.0}");
        string[] rows = File.ReadAllLines(_folder["out/results.md"]);
        string row = Assert.Single(rows, r => r.StartsWith("| 2 |", StringComparison.Ordinal));
        Assert.Equal(cell, row.Split('|')[3].Trim());
        Assert.DoesNotContain("±", Assert.Single(rows, r => r.StartsWith("| all (", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(cell, XDocument.Load(page).Descendants().Where(e => e.Name.LocalName == "td").Select(e => e.Value));
        Assert.Contains("shots.svg", File.ReadAllText(_folder["out/results.md"]), StringComparison.Ordinal);

        // A mark for each metric and number; on the page the same.
        var plot = XDocument.Load(_folder["out/shots.svg"]);
        Assert.Equal(9, plot.Descendants().Count(e => e.Name.LocalName == "circle"));
        Assert.Equal(9, XDocument.Load(page).Descendants().Count(e => e.Name.LocalName == "circle"));
        string[] csv = File.ReadAllLines(_folder["out/results.csv"]);
        Assert.Contains(",shots,", csv[0], StringComparison.Ordinal);
        Assert.Equal(7, csv.Count(l => l.Contains(",mean,", StringComparison.Ordinal))); // three draws of 1 and of 2, all once
        var again = EvaluationReportFiles.Read(_folder["out"]);
        Assert.Equal(report.Runs[^1].Categories[0].References, again.Runs[^1].Categories[0].References);
        Assert.Equal(rows, EvaluationReportFiles.Markdown(again).TrimEnd('\n').Split('\n').Concat([string.Empty]).Take(rows.Length));
    }

    [Fact]
    public void What_cannot_run_is_refused_before_anything_is_computed()
    {
        var data = SmallDataSet.Write(_folder, "nut", good: 3, bad: 3);
        using var detector = Model("patchcore").Build();
        Exception Fault(params int[] shots) => Assert.ThrowsAny<MfpClipException>(
            () => new ShotStudy(new() { OutputFolder = _folder["out"], Shots = shots }).Run(detector, data));

        Assert.Contains("detects nothing without", Fault(0, 1).Message, StringComparison.Ordinal);
        Assert.Contains("99 normal training images", Fault(1, 99).Message, StringComparison.Ordinal);
        Assert.Contains("named once", Fault(1, 1).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    private sealed class Reporting(Action<EvaluationProgress> report) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => report(value);
    }

    private static ZeroShotDetectorBuilder Model(string method, long seed = 1)
    {
        var builder = new ZeroShotDetectorBuilder();
        return method switch
        {
            "anomaly-dino" => builder.UseRandomDinoBackbone(Tiny, seed).UseAnomalyDino(new() { ShorterSide = 56 }),
            "subspace-ad" => builder.UseRandomDinoBackbone(Tiny, seed).UseSubspaceAd(new() { ImageSize = 56, RotatedCopies = 2 }),
            "patchcore" => builder.UseCnn(new Backbones.Cnn.ResNetOptions { Architecture = Backbones.Cnn.ResNetArchitecture.ResNet18, RandomSeed = seed })
                .UsePatchCore(new() { CoresetFraction = 0.5 }).WithImageSize(64),
            _ => builder.UseRandomBackbone(new()
            {
                EmbedDim = 16, Activation = Kernels.MlpActivation.QuickGelu,
                Vision = new() { ImageSize = 56, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
                Text = new() { VocabSize = 49408, Width = 16, Layers = 1, Heads = 2 },
            }, seed).UseMethod(method).WithImageSize(56),
        };
    }

    // The documented draw: by name, or by the SHA-256 of seed and path.
    private static string[] Draw(AnomalyCategory category, long seed, int count)
    {
        var names = category.TrainNormal.Select(s => Path.GetRelativePath(category.Path, s.ImagePath).Replace('\\', '/'));
        return [.. (seed == 0 ? names.Order(StringComparer.Ordinal) : names.OrderBy(
            n => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed}\n{n}")))),
            StringComparer.Ordinal)).Take(count)];
    }
}
