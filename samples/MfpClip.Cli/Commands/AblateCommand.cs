using System.CommandLine;
using MfpClip.Data;
using MfpClip.Objectives;
using MfpClip.Training.Ablation;
using MfpClip.Training.Data;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip ablate</c>: the paper's tables 2, 3, 4 and figure 6 on any data.</summary>
internal static class AblateCommand
{
    public static Command Create(Option<bool> json)
    {
        var test = new Option<string[]>("--test")
        {
            Description = "What to test on: folders or lists in a known layout (docs/data-sets.md).", AllowMultipleArgumentsPerToken = true,
            Required = true,
        };
        var tables = new Option<string[]>("--tables")
        {
            Description = "Which of table2, table3, table4, figure6.", AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["table2", "table3", "table4", "figure6"],
        };
        var output = new Option<string>("--out")
        {
            Description = "Folder for runs and tables. Started again with it, the study goes on; finished runs are not run again.",
            DefaultValueFactory = _ => "mfpclip-ablation",
        };
        var seeds = new Option<long[]>("--seeds")
        {
            Description = "Each line runs once for each.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [0, 1, 2],
        };
        var limit = TestLimit.Create("Test images of each category at most.");
        var sigma = new Option<double>("--smoothing") { Description = "Width of the Gaussian on maps; the authors of the field use 4." };
        var pictures = new Option<int>("--pictures") { Description = "Images in figure 6.", DefaultValueFactory = _ => 8 };
        var recompute = new Option<int>("--recompute")
        {
            Description = "Blocks of the vision tower recomputed on the backward pass; 0 keeps all.", DefaultValueFactory = _ => 1,
        };
        var most = new Option<long?>("--max-steps") { Description = "End every training after so many steps; for trial runs." };
        var features = new Option<string?>("--feature-cache")
        {
            Description = "Folder that keeps features of the frozen networks, for training and testing; lines share them. Seconds an image are then "
                + "without those networks.",
        };
        var (choice, data, recipe) = (new DetectorChoice(), new TrainingDataChoice(), new RecipeChoice());
        var command = new Command("ablate", "Trains and tests the method with modules on and off, as the paper's tables 2 to 4 and figure 6.")
        {
            test, tables, output, seeds, limit, sigma, pictures, recompute, most, features,
        };
        choice.AddTo(command);
        choice.AddTilingTo(command);
        choice.AddRegionTo(command);
        command.Never(choice.Calibration, "metrics need no threshold.");
        command.Never(choice.ModulesFile, "every row trains its own modules.");
        command.Refuse(pictures, r => r.IsGiven(tables) && !r.GetValue(tables)!.Contains("figure6"), "has no effect without figure6 in --tables.");
        data.AddTo(command);
        recipe.AddTo(command);
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            if (choice.Method(parsed).Description.Id != "mfp-clip")
            {
                throw new DetectorConfigurationException([$"The paper's ablations are MFP-CLIP's; leave '--method {choice.Method(parsed).Description.Id}' out, "
                    + $"or write lines of your own in code (AblationStudy)."]);
            }

            if (!choice.HasCnn(parsed))
            {
                throw new DetectorConfigurationException(["An ablation switches I2TP and SP on and off, which read a CNN: name it with --cnn."]);
            }

            var all = PaperTables.All(() => choice.Builder(parsed).WithoutModuleWeights());
            string[] wanted = parsed.GetValue(tables)!;
            var unknown = wanted.Where(w => all.All(t => t.Key != w)).ToList();
            if (unknown.Count > 0)
            {
                throw new ArgumentException($"There is no table {string.Join(", ", unknown)}; choose {string.Join(", ", all.Select(t => t.Key))}.");
            }

            string folder = parsed.GetValue(output)!;
            var options = new AblationOptions
            {
                OutputFolder = folder,
                Seeds = parsed.GetValue(seeds)!,
                Recipe = recipe.Apply(parsed, new TrainingRecipe(), 0),
                Evaluation = new() { Limit = parsed.GetValue(limit), SmoothingSigma = parsed.GetValue(sigma), Cases = 0 },
                Training = new()
                {
                    OutputFolder = folder, RecomputedBlocks = parsed.GetValue(recompute), FeatureCacheFolder = parsed.GetValue(features),
                    MaximumSteps = parsed.GetValue(most),
                },
                Pictures = parsed.GetValue(pictures), Decoder = ImageFiles.Decoder,
                Command = CommandLine.AsTyped(),
                Notice = choice.Notice(parsed) == DetectorChoice.RandomNotice ? DetectorChoice.RandomNotice : null,
            };
            var (auxiliary, testSet) = (
                data.Open(parsed, 0, parsed.GetValue(json), cancellationToken), TestData.Open(parsed.GetValue(test)!, parsed.GetValue(json)));
            var chosen = all.Where(t => wanted.Contains(t.Key)).ToList();
            bool asJson = parsed.GetValue(json);
            var study = new AblationStudy(options);
            var result = WithProgress(study, chosen, auxiliary, testSet, cancellationToken);
            TrainingDataChoice.PrintMasks(auxiliary);
            Print(asJson, folder, result);
            return Task.FromResult(0);
        });
        return command;
    }

    private static AblationResult WithProgress(
        AblationStudy study, IReadOnlyList<AblationTable> tables, Training.Data.ITrainingData auxiliary, AnomalyDataSet test,
        CancellationToken cancellationToken) =>
        ProgressBars.Run<AblationProgress, AblationResult>(
            "ablation",
            progress => study.Run(tables, auxiliary, test, progress, cancellationToken),
            p => new(
                p.Run + (p.Phase == "training" ? 0.8 * p.Fraction : p.Phase == "testing" ? 0.8 + (0.2 * p.Fraction) : 1), p.Runs,
                $"{p.Run + 1}/{p.Runs} {p.Row}, seed {p.Seed}: {p.Phase}", p.Images));

    private static void Print(bool json, string folder, AblationResult result)
    {
        if (json)
        {
            Console.Out.WriteLine(File.ReadAllText(Path.Combine(folder, "ablation.json")));
            return;
        }

        foreach (var table in result.Tables)
        {
            var shown = new Table().Title(Markup.Escape(table.Title)).AddColumns("", "I-AUC", "P-AUC");
            foreach (var row in table.Rows)
            {
                shown.AddRow(Markup.Escape(row.Name), Percent(row.Of("image_auroc")), Percent(row.Of("pixel_auroc")));
            }

            AnsiConsole.Write(shown);
        }

        Console.WriteLine($"Tables with every metric, the paper's numbers and figure 6: {Path.Combine(folder, "ablation.html")}");
        if (result.Notice is { } notice)
        {
            Console.WriteLine($"NOTE: {notice}");
        }
    }

    private static string Percent(SeedStatistic s) => s.Mean is not { } mean ? "n/a"
        : FormattableString.Invariant($"{100 * mean:0.0}") + (s.StandardDeviation is { } d ? FormattableString.Invariant($" ± {100 * d:0.0}") : string.Empty);
}
