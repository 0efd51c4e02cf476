using System.Text.Json;
using MfpClip.Data;
using MfpClip.Detection;
using MfpClip.Output;
using MfpClip.Training.Comparison;
using MfpClip.Training.Data;

namespace MfpClip.Training.Tests.Comparison;

public sealed class MethodComparisonTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Methods_are_trained_tested_timed_and_printed_and_finished_runs_are_not_run_again()
    {
        var told = new ProgressCallback();
        var result = new MethodComparison(Options()).Run([Line("winclip"), Line("april-gan")], Small.Data(2), TestData(), told);

        Assert.Equal([1, 2], result.Methods.Select(m => m.Runs.Count)); // nothing to train: once; else once for each seed
        var (winClip, aprilGan) = (result.Methods[0], result.Methods[1]);
        Assert.Equal(0, winClip.Runs[0].TrainedValues);
        Assert.Null(winClip.Runs[0].Modules);
        Assert.True(aprilGan.Runs[0].TrainedValues > 0);
        Assert.Equal([4L, 5L], aprilGan.Runs.Select(r => r.Recipe!.Seed));
        Assert.NotEqual(aprilGan.Runs[0].WeightsHash, aprilGan.Runs[1].WeightsHash);
        Assert.All(aprilGan.Runs, r => Assert.True(File.Exists(Path.Combine(_folder, "out", r.Modules!))));
        Assert.All(aprilGan.Runs, r => Assert.False(File.Exists(Path.Combine(_folder, "out", Path.GetDirectoryName(r.Modules!)!, "checkpoint.safetensors"))));
        Assert.All(result.Methods.SelectMany(m => m.Runs), r =>
            Assert.True(r.Latency is { Median: > 0, Images: 3 } && r.Latency.P95 >= r.Latency.Median && r.DetectionMemory > 0));
        Assert.Contains("nothing was trained", winClip.Runs[0].Protocol[0], StringComparison.Ordinal);
        double[] seeds = [.. aprilGan.Runs.Select(r => r.Mean["pixel_auroc"]!.Value)];
        Assert.Equal(seeds.Average(), aprilGan.Of("pixel_auroc").Mean!.Value, 12);
        Assert.Equal(Math.Abs(seeds[0] - seeds[1]) / Math.Sqrt(2), aprilGan.Of("pixel_auroc").StandardDeviation!.Value, 12);
        Assert.Equal(winClip.Runs[0].Categories["plate"]["image_auroc"], winClip.Of("image_auroc", "plates").Mean);
        Assert.Contains(told.Phases, p => p == "training");
        Assert.Contains(told.Phases, p => p == "timing");

        var again = new ProgressCallback();
        var second = new MethodComparison(Options()).Run([Line("winclip"), Line("april-gan")], Small.Data(2), TestData(), again);

        Assert.All(again.Phases, p => Assert.Equal("known", p));
        Assert.Equal(result.Methods.SelectMany(m => m.Runs).Select(r => (r.Key, r.Latency)), second.Methods.SelectMany(m => m.Runs)
            .Select(r => (r.Key, r.Latency)));
    }

    [Fact]
    public void The_report_has_the_papers_columns_and_the_published_numbers_beside_ours()
    {
        var result = new MethodComparison(Options() with { Seeds = [4], Notice = "SMALL", Command = "compare <this>" })
            .Run([Line("winclip"), Line("april-gan")], Small.Data(2), TestData());

        string markdown = File.ReadAllText(Path.Combine(_folder, "out", "comparison.md"));
        Assert.Contains("| method | plates I-AUC | plates P-AUC | mean I-AUC | mean P-AUC |", markdown, StringComparison.Ordinal);
        Assert.Contains("| WinCLIP | MVTec AD | paper | 91.8 | 85.1 | 64.6 |", markdown, StringComparison.Ordinal);
        Assert.Contains("**SMALL**", markdown, StringComparison.Ordinal);
        string html = File.ReadAllText(Path.Combine(_folder, "out", "comparison.html"));
        Assert.Contains("compare &lt;this&gt;", html, StringComparison.Ordinal);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html, StringComparison.Ordinal); // one file, nothing from outside
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "out", "comparison.json")));
        Assert.Equal(result.Methods[1].Of("image_auroc").Mean, json.RootElement.GetProperty("methods")[1].GetProperty("mean").GetProperty("image_auroc")
            .GetProperty("mean").GetDouble());
        string[] csv = File.ReadAllLines(Path.Combine(_folder, "out", "comparison.csv"));
        Assert.Equal(1 + (2 * 3), csv.Length); // category, data set, mean of each method
        Assert.All(csv, l => Assert.Equal(csv[0].Split(',').Length, l.Split(',').Length));
    }

    [Fact]
    public void A_cancelled_comparison_goes_on_with_what_is_not_finished()
    {
        using var cancel = new CancellationTokenSource();
        var stop = new ProgressCallback(p =>
        {
            if (p is { Method: "APRIL-GAN", Phase: "training" })
            {
                cancel.Cancel();
            }
        });
        Assert.ThrowsAny<OperationCanceledException>(
            () => new MethodComparison(Options()).Run([Line("winclip"), Line("april-gan")], Small.Data(2), TestData(), stop, cancel.Token));

        var told = new ProgressCallback();
        var result = new MethodComparison(Options()).Run([Line("winclip"), Line("april-gan")], Small.Data(2), TestData(), told);

        Assert.Equal("known", told.Phases[0]); // WinCLIP was finished
        Assert.Equal(2, result.Methods[1].Runs.Count);
    }

    [Fact]
    public void Other_settings_are_another_run_and_a_damaged_record_is_made_again()
    {
        new MethodComparison(Options() with { Seeds = [4] }).Run([Line("winclip")], Small.Data(2), TestData());
        string stored = Assert.Single(Directory.GetFiles(Path.Combine(_folder, "out"), "result.json", SearchOption.AllDirectories));
        File.WriteAllText(stored, "{");
        var damaged = new ProgressCallback();
        new MethodComparison(Options() with { Seeds = [4] }).Run([Line("winclip")], Small.Data(2), TestData(), damaged);
        new MethodComparison(Options() with { Seeds = [4], Evaluation = new() { Cases = 0, SmoothingSigma = 2 } })
            .Run([Line("winclip")], Small.Data(2), TestData());

        Assert.DoesNotContain("known", damaged.Phases);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "out"), "result.json", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void A_training_can_be_ended_early_which_the_report_says()
    {
        var options = Options() with
        {
            Seeds = [4], Recipe = own => own with { Epochs = 3, BatchSize = 1 }, Training = Options().Training! with { MaximumSteps = 2 },
        };

        var run = Assert.Single(new MethodComparison(options).Run([Line("april-gan")], Small.Data(2), TestData()).Methods[0].Runs);

        Assert.Empty(run.Losses); // no epoch was finished
        Assert.Contains("stopped after 2 steps", File.ReadAllText(Path.Combine(_folder, "out", "comparison.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_method_that_cannot_be_composed_fails_alone()
    {
        var broken = new ComparedMethod("broken", "Broken", _ => Builder().UseWinClip(new() { Scales = [99] }));

        var result = new MethodComparison(Options() with { Seeds = [4] }).Run([broken, Line("winclip")], Small.Data(2), TestData());

        Assert.Contains("99 x 99", result.Methods[0].Failure, StringComparison.Ordinal);
        Assert.Null(result.Methods[1].Failure);
        Assert.Contains("n/a", File.ReadAllText(Path.Combine(_folder, "out", "comparison.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Methods_that_judge_by_normal_images_get_some_of_each_category_and_fail_alone_where_there_are_too_few()
    {
        var data = TestData();
        foreach (int i in Enumerable.Range(0, 2))
        {
            var bytes = new byte[60 * 60 * 3];
            new Random(10 + i).NextBytes(bytes);
            MapFiles.WritePng(Path.Combine(_folder, "plates", "plate", "train", "good", $"{i}.png"), new(60, 60, bytes));
        }

        data = TestData();
        var options = Options() with { Seeds = [4], Shots = 2 };
        var result = new MethodComparison(options).Run([Line("anomaly-dino"), Line("winclip")], Small.Data(2), data);
        var lacking = new MethodComparison(options with { Shots = 3 }).Run([Line("anomaly-dino"), Line("winclip")], Small.Data(2), data);

        var (dino, zeroShot) = (result.Methods[0].Runs[0], result.Methods[1].Runs[0]);
        Assert.True(dino is { Shots: 2, FitSeconds: > 0, FitMemory: > 0, Latency.Median: > 0 });
        Assert.True(zeroShot is { Shots: 0, FitSeconds: null, FitMemory: null });
        Assert.NotNull(result.Methods[0].Of("pixel_auroc").Mean);
        Assert.Contains("3 normal images", lacking.Methods[0].Failure, StringComparison.Ordinal);
        Assert.Equal(zeroShot.Key, lacking.Methods[1].Runs[0].Key); // its key does not depend on them, so it was not run again
    }

    [Fact]
    public void What_was_trained_on_is_not_tested_on_and_faulty_settings_are_refused()
    {
        var test = TestData();
        var overlap = new MfpClip.Training.Data.DataSetTrainingData(test.Categories);

        Assert.Throws<ProtocolException>(() => new MethodComparison(Options()).Run([Line("winclip")], overlap, test));
        Assert.Throws<TrainingException>(() => new MethodComparison(Options() with { Seeds = [] }).Run([Line("winclip")], Small.Data(2), test));
        Assert.Throws<TrainingException>(() => new MethodComparison(Options()).Run([Line("winclip"), Line("winclip")], Small.Data(2), test));
        Assert.Throws<TrainingException>(() => new MethodComparison(Options()).Run([Line("winclip") with { Key = "a/b" }], Small.Data(2), test));
    }

    private static ZeroShotDetectorBuilder Builder() => new ZeroShotDetectorBuilder().UseRandomBackbone(Small.Clip, 1).WithImageSize(56);

    private static ComparedMethod Line(string key)
    {
        var method = DetectorRegistry.Default.FindMethod(key);
        return new(key, method.Description.Name, seed =>
        {
            var builder = Builder();
            builder.UseMethod(method.Create(seed));
            return builder;
        });
    }

    private ComparisonOptions Options() => new()
    {
        OutputFolder = Path.Combine(_folder, "out"), Seeds = [4, 5], LatencyImages = 3, Recipe = own => own with { Epochs = 1, BatchSize = 2 },
        Training = new() { OutputFolder = _folder, Workers = 0, DrawCurves = false, WriteTensorBoard = false },
    };

    // MVTec layout: one data set of one category, two good and two defective images.
    private AnomalyDataSet TestData()
    {
        string root = Path.Combine(_folder, "plates");
        if (!Directory.Exists(root))
        {
            for (int i = 0; i < 4; i++)
            {
                bool bad = i >= 2;
                var bytes = new byte[60 * 60 * 3];
                new Random(i).NextBytes(bytes);
                var mask = new byte[60 * 60 * 3];
                mask.AsSpan(0, bad ? 60 * 20 * 3 : 0).Fill(255);
                MapFiles.WritePng(Path.Combine(root, "plate", "test", bad ? "hole" : "good", $"{i}.png"), new(60, 60, bytes));
                if (bad)
                {
                    MapFiles.WritePng(Path.Combine(root, "plate", "ground_truth", "hole", $"{i}_mask.png"), new(60, 60, mask));
                }
            }

            MapFiles.WritePng(Path.Combine(root, "plate", "train", "good", "0.png"), new(60, 60, new byte[60 * 60 * 3]));
        }

        return DataSetReader.Open(root);
    }

    private sealed class ProgressCallback(Action<ComparisonProgress>? also = null) : IProgress<ComparisonProgress>
    {
        public List<string> Phases { get; } = [];

        public void Report(ComparisonProgress value)
        {
            Phases.Add(value.Phase);
            also?.Invoke(value);
        }
    }
}
