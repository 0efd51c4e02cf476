using System.CommandLine;
using MfpClip.Cli.Synthesis;
using MfpClip.Data;
using MfpClip.Evaluation;
using MfpClip.Evaluation.SmallDefects;
using MfpClip.Files;
using MfpClip.Imaging;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip small-defects</c>: how many small defects a detector finds on large pictures, as a whole and in tiles, and what it costs.</summary>
internal static class SmallDefectsCommand
{
    public static Command Create(Option<bool> json)
    {
        var output = new Option<string>("--out") { Description = "Folder for table and plot.", DefaultValueFactory = _ => "mfpclip-small-defects" };
        var megapixels = new Option<double[]>("--megapixels")
        {
            Description = "Sizes of the pictures.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [12],
        };
        var defective = new Option<int>("--defective") { Description = "Pictures with defects, of each size.", DefaultValueFactory = _ => 8 };
        var good = new Option<int>("--good") { Description = "Normal pictures, of each size.", DefaultValueFactory = _ => 2 };
        var sizes = new Option<string>("--defect-sizes")
        {
            Description = "Longer sides of the defects in pixels, with commas.", DefaultValueFactory = _ => "4,8,16,32,64",
        };
        var each = new Option<int>("--defects") { Description = "Defects of each size in a picture.", DefaultValueFactory = _ => 2 };
        var categories = new Option<string[]?>("--categories")
        {
            Description = "Rendered products (names in quotes); those held out by default.", AllowMultipleArgumentsPerToken = true,
        };
        var shots = new Option<int>("--shots")
        {
            Description = "Normal pictures that methods with references are given. Where it is named, other methods are measured with them, too.",
            DefaultValueFactory = _ => 2,
        };
        var seed = new Option<long>("--seed") { Description = "All pictures follow from it." };
        var choice = new DetectorChoice();
        var command = new Command("small-defects", "Measures on rendered pictures how many small defects are found with tiles and without, and the time.")
        {
            output, megapixels, defective, good, sizes, each, categories, shots, seed,
        };
        choice.AddTo(command, defaultModel: true);
        choice.AddModulesOffTo(command);
        choice.AddTilingTo(command);
        command.Never(choice.Calibration, "recall is measured at a number of false regions, not at a threshold.");
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            string folder = parsed.GetValue(output)!;
            using var held = FolderLock.Take(folder);
            string[] products = parsed.GetValue(categories) is { Length: > 0 } some ? some : [.. SmallDefectSet.Categories];
            var study = new SmallDefectStudy(new()
            {
                Pictures = [.. parsed.GetValue(megapixels)!.Select(SmallDefectPlan.Size)], Categories = products, Defective = parsed.GetValue(defective),
                Normal = parsed.GetValue(good), DefectSizes = SmallDefectPlan.Sizes(parsed.GetValue(sizes)!), References = parsed.GetValue(shots),
                DefectsOfEachSize = parsed.GetValue(each), Seed = parsed.GetValue(seed),
            });
            using var whole = choice.Builder(parsed).WithoutTiling().Build();
            using var asked = choice.Builder(parsed).Build();
            using var tiles = asked.Tiling is null ? choice.Builder(parsed).WithTiling(new TilingOptions { SmallestDefect = 8 }).Build() : null;
            bool asJson = parsed.GetValue(json);
            if (choice.Notice(parsed) is { } notice && !asJson)
            {
                Console.Error.WriteLine(notice);
            }

            string name = whole.Description.Method;
            List<SmallDefectLine> lines = [new($"{name}, whole picture", whole), new($"{name}, tiles", tiles ?? asked)];
            if (parsed.GetResult(shots) is { Implicit: false } && !whole.NeedsReferences)
            {
                lines.AddRange(lines.Select(l => l with { Name = $"{l.Name}, {parsed.GetValue(shots)} normal", WithReferences = true }).ToArray());
            }

            var figures = ProgressBars.Run<EvaluationProgress, IReadOnlyList<SmallDefectFigures>>(
                "small defects", p => study.Run(lines, p, cancellationToken),
                EvaluateCommand.Read);
            SmallDefectReport.Write(folder, figures);
            if (asJson)
            {
                CliJson.Print(new { folder, figures });
            }
            else
            {
                Console.WriteLine($"{SmallDefectReport.Markdown(figures)}\nTable and plot: {folder}");
            }

            return Task.FromResult(0);
        });
        return command;
    }
}
