using System.Text.Json;
using MfpClip.Data;
using MfpClip.Modules.Mask;
using MfpClip.Output;
using MfpClip.Training.Ablation;
using MfpClip.Training.Data;

namespace MfpClip.Training.Tests;

public class AblationTests
{
    [Fact]
    public void The_papers_tables_are_the_compositions_they_name()
    {
        var tables = PaperTables.All(Small.Builder).ToDictionary(t => t.Key);
        Assert.Equal(["table2", "table3", "table4", "figure6"], tables.Keys);
        string Component(AblationRow row, string stage) => Describe(row).Stages.Single(s => s.Stage.Contains(stage, StringComparison.Ordinal)).Component;
        string Option(AblationRow row, string stage, string name) =>
            Describe(row).Stages.Single(s => s.Stage.Contains(stage, StringComparison.Ordinal)).Options[name];
        var modules = tables["table2"].Rows;
        Assert.Equal("off", Component(modules.Single(r => r.Name == "without I2TP"), "I2TP"));
        Assert.Equal("off", Component(modules.Single(r => r.Name == "without SP"), "(SP)"));
        Assert.Equal("1 x 1", Option(modules.Single(r => r.Name.StartsWith("without MPFA", StringComparison.Ordinal)), "MPFA", "neighbourhood"));
        Assert.Equal("off", Component(modules.Single(r => r.Name == "without MP"), "(MP)"));
        Assert.Equal(["3 x 3", "1 x 1", "5 x 5"], tables["table3"].Rows.Select(r => Option(r, "MPFA", "neighbourhood")));
        Assert.Equal(["1", "1, 2", "1, 2, 3", "1, 2, 3, 4"], tables["table4"].Rows.Select(r => Option(r, "(SP)", "stages")));
        // The paper's losses (docs/method.md section 9).
        Assert.Equal([(1.9, 1.8), (2.0, 2.1), (0.7, 1.0)], modules.Skip(1).Take(3).Select(r => (r.Paper!.ImageAuroc!.Value, r.Paper.PixelAuroc!.Value)));
    }

    [Fact]
    public void A_seed_changes_the_starting_weights_and_nothing_else()
    {
        var row = PaperTables.Modules(Small.Builder).Rows[0];
        using var a = row.Compose(0).Build();
        using var b = row.Compose(1).Build();
        Assert.Equal(WeightsHash.Of(a.GetTrainable().FrozenWeights), WeightsHash.Of(b.GetTrainable().FrozenWeights));
        Assert.NotEqual(WeightsHash.Of(a.GetTrainable().TrainedWeights), WeightsHash.Of(b.GetTrainable().TrainedWeights));
    }

    [Fact]
    public void A_study_runs_each_composition_once_resumes_and_writes_its_tables()
    {
        using var folder = new TestFolder();
        var test = TestSet(folder["test"]);
        var tables = Tables();
        var options = Options(folder["out"]);

        var result = new AblationStudy(options).Run(tables, Small.Data(), test);

        // Three different compositions with two seeds; "the same again" is the first one and runs no more.
        Assert.Equal(6, Directory.GetDirectories(folder["out/runs"]).Length);
        Assert.All(Directory.GetDirectories(folder["out/runs"]), d => Assert.False(File.Exists(Path.Combine(d, "checkpoint.safetensors"))));
        var rows = result.Tables[0].Rows;
        Assert.Equal(rows[0].Runs.Select(r => r.Key), result.Tables[1].Rows[0].Runs.Select(r => r.Key));
        foreach (var metric in new[] { "image_auroc", "pixel_auroc", "aupro" })
        {
            double x = rows[1].Runs[0].Mean[metric]!.Value, y = rows[1].Runs[1].Mean[metric]!.Value;
            Assert.Equal((x + y) / 2, rows[1].Of(metric).Mean!.Value, 1e-12);
            Assert.Equal(Math.Abs(x - y) / Math.Sqrt(2), rows[1].Of(metric).StandardDeviation!.Value, 1e-12); // sample deviation of two
            Assert.Equal(rows[0].Of(metric).Mean!.Value - ((x + y) / 2), rows[1].LossRelativeTo(rows[0], metric).Mean!.Value, 1e-12);
        }

        string markdown = File.ReadAllText(folder["out/ablation.md"]), html = File.ReadAllText(folder["out/ablation.html"]);
        Assert.Contains("| without MP |", markdown, StringComparison.Ordinal);
        Assert.Contains("loss 1.9 / 1.8", markdown, StringComparison.Ordinal);
        Assert.Contains("auxiliary data: procedural/rendered fabric", markdown, StringComparison.Ordinal);
        Assert.Contains("all test images", markdown, StringComparison.Ordinal);
        Assert.Contains("data:image/png;base64,", html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=\"figure6", html, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["out/figure6.png"]));
        string[] csv = File.ReadAllLines(folder["out/ablation.csv"]);
        Assert.Equal(1 + (6 * 2 * 3), csv.Length); // header; six lines, two seeds, two categories and their mean
        Assert.All(csv, l => Assert.Equal(csv[0].Count(c => c == ','), l.Count(c => c == ',')));
        using var json = JsonDocument.Parse(File.ReadAllText(folder["out/ablation.json"]));
        Assert.Equal(3, json.RootElement.GetProperty("tables").GetArrayLength());

        // The recipe of a row builds the detector that was tested, trained modules and all.
        var run = rows[1].Runs[0];
        using (var rebuilt = ZeroShotDetectorBuilder.From(DetectorRecipe.Parse(run.DetectorRecipe!)).Build())
        {
            Assert.Equal(run.WeightsHash, rebuilt.Description.WeightsHash);
        }

        Assert.Contains("<pre class=recipe>", html, StringComparison.Ordinal);
        Assert.Equal(6, Directory.GetFiles(folder["out"], "recipe.json", SearchOption.AllDirectories).Length);

        // Again: everything is known, nothing is trained, the numbers are the same.
        var phases = new List<string>();
        var again = new AblationStudy(options).Run(tables, Small.Data(), test, new ProgressCallback(p => phases.Add(p.Phase)));
        Assert.All(phases, p => Assert.Equal("known", p));
        Assert.Equal(rows[1].Runs[1].Mean, again.Tables[0].Rows[1].Runs[1].Mean);

        // Other data is another study.
        phases.Clear();
        new AblationStudy(options).Run([tables[1]], Small.Data(seed: 8), test, new ProgressCallback(p => phases.Add(p.Phase)));
        Assert.Contains("training", phases);
    }

    [Fact]
    public void A_study_stopped_in_the_middle_goes_on_and_gives_the_same_numbers()
    {
        using var folder = new TestFolder();
        var test = TestSet(folder["test"]);
        var tables = Tables();
        var whole = new AblationStudy(Options(folder["whole"])).Run([tables[0]], Small.Data(), test);
        using var cancel = new CancellationTokenSource();
        var stopping = new ProgressCallback(p =>
        {
            if (p is { Run: 2, Phase: "training", Fraction: > 0.4 })
            {
                cancel.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(
            () => new AblationStudy(Options(folder["parts"])).Run([tables[0]], Small.Data(), test, stopping, cancel.Token));
        Assert.Equal(2, Directory.GetFiles(folder["parts"], "result.json", SearchOption.AllDirectories).Length);

        var parts = new AblationStudy(Options(folder["parts"])).Run([tables[0]], Small.Data(), test);

        foreach (var (a, b) in whole.Tables[0].Rows.Zip(parts.Tables[0].Rows))
        {
            Assert.Equal(a.Runs.Select(r => r.WeightsHash), b.Runs.Select(r => r.WeightsHash));
            Assert.Equal(a.Of("image_auroc"), b.Of("image_auroc"));
        }
    }

    [Fact]
    public void Training_on_the_test_categories_is_refused()
    {
        using var folder = new TestFolder();
        var test = TestSet(folder["test"]);
        var error = Assert.Throws<ProtocolException>(
            () => new AblationStudy(Options(folder["out"])).Run(Tables(), new DataSetTrainingData([test.Categories[0]]), test));
        Assert.NotEmpty(error.Overlaps);
    }

    private static AblationTable[] Tables()
    {
        var paper = PaperTables.Modules(Small.Builder).Rows;
        return
        [
            new("some", "Some modules", [paper[0], paper.Single(r => r.Name == "without MP"), paper.Single(r => r.Name == "without I2TP")]),
            new("more", "More", [paper[0] with { Name = "the same again" }]),
            PaperTables.MaskPrompt(Small.Builder),
        ];
    }

    private static AblationOptions Options(string folder) => new()
    {
        OutputFolder = folder, Seeds = [0, 1], Recipe = Small.Recipe, Pictures = 2,
        Training = new() { OutputFolder = folder, DrawCurves = false, WriteTensorBoard = false, RecomputedBlocks = 0 },
    };

    [Fact]
    public void Test_categories_of_one_key_are_refused_before_anything_is_trained()
    {
        using var folder = new TestFolder();
        var one = TestSet(folder["test"]);
        var twice = one with { Categories = [.. one.Categories, one.Categories[0]] };
        var ablation = Assert.Throws<DataSetException>(() => new AblationStudy(Options(folder["out"])).Run(Tables(), Small.Data(), twice));
        var comparison = Assert.Throws<DataSetException>(() =>
            new Training.Comparison.MethodComparison(new() { OutputFolder = folder["out"] }).Run([], Small.Data(), twice));

        Assert.Equal((DataSetFault.RepeatedKey, DataSetFault.RepeatedKey), (ablation.Fault, comparison.Fault));
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public void A_black_mask_of_a_defective_image_counts_for_the_image_only_and_is_named()
    {
        using var folder = new TestFolder();
        var set = TestSet(folder["test"]);
        string black = set.Categories[0].Samples.First(s => s.IsAnomalous).MaskPath!;
        MapFiles.WritePng(black, new(64, 64, new byte[64 * 64 * 3]));

        var data = new DataSetTrainingData(set.Categories);
        TrainingSample[] samples = [.. Enumerable.Range(0, data.Count).Select(data.Load)];

        Assert.Single(samples, s => s is { IsAnomalous: true, Mask: null });
        Assert.Contains("1 of 6 defective images have a black mask", Assert.Single(data.Masks.Sentences), StringComparison.Ordinal);
    }

    private static DetectorDescription Describe(AblationRow row)
    {
        using var detector = row.Compose(0).Build();
        return detector.Description;
    }

    /// <summary>Two categories that nobody trains on, in the layout of MVTec AD.</summary>
    private static AnomalyDataSet TestSet(string folder)
    {
        foreach (string category in new[] { "leather", "pill" })
        {
            for (int i = 0; i < 3; i++)
            {
                Write(ProceduralDataSet.Render(category, 100 + i, null, 64), Path.Combine(folder, category, "test", "good", $"{i}.png"), null);
                Write(
                    ProceduralDataSet.Render(category, 200 + i, DefectKind.Stain, 64), Path.Combine(folder, category, "test", "stain", $"{i}.png"),
                    Path.Combine(folder, category, "ground_truth", "stain", $"{i}_mask.png"));
            }
        }

        return DataSetReader.Open(folder);
    }

    private static void Write(SyntheticImage picture, string path, string? mask)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        MapFiles.WritePng(path, picture.Image);
        if (mask is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(mask)!);
            MapFiles.WritePng(mask, new(64, 64, [.. picture.Mask.SelectMany(m => Enumerable.Repeat(m ? (byte)255 : (byte)0, 3))]));
        }
    }

    private sealed class ProgressCallback(Action<AblationProgress> action) : IProgress<AblationProgress>
    {
        public void Report(AblationProgress value) => action(value);
    }
}
