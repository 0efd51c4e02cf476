using System.CommandLine;
using System.Globalization;
using MfpClip.Data;
using MfpClip.Detection;
using MfpClip.Methods.AdaClip;
using MfpClip.Methods.AprilGan;
using MfpClip.Training.Comparison;
using MfpClip.Training.Data;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip compare</c>: the paper's Table 1 on any data.</summary>
internal static class CompareCommand
{
    public static Command Create(Option<bool> json)
    {
        var output = new Option<string>("--out")
        {
            Description = "Folder for runs and tables. Finished runs in it are not run again.", DefaultValueFactory = _ => "mfpclip-comparison",
        };
        var test = new Option<string[]>("--test")
        {
            Description = "What to test on: folders or lists in a known layout (docs/data-sets.md).", AllowMultipleArgumentsPerToken = true,
            Required = true,
        };
        var methods = new Option<string[]>("--methods")
        {
            Description = "Methods, in the order of the table. Default: all.", AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [.. DetectorRegistry.Default.Methods.Select(m => m.Description.Id)],
        };
        var seeds = new Option<long[]>("--seeds") { Description = "Seeds.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [0, 1, 2] };
        var limit = TestLimit.Create("Test images of each category at most.");
        var sigma = new Option<double>("--smoothing") { Description = "Width of the Gaussian that smooths every map before the pixel metrics." };
        var timed = new Option<int>("--latency-images") { Description = "Images by which latency is measured.", DefaultValueFactory = _ => 16 };
        var shots = new Option<int>("--shots")
        {
            Description = "Normal training images of each category, the first by name, for methods that judge by normal images alone.",
            DefaultValueFactory = _ => 4,
        };
        var most = new Option<long?>("--max-steps") { Description = "End every training after so many steps; for trial runs." };
        var recompute = new Option<int>("--recompute")
        {
            Description = "Blocks of the vision tower that are recomputed on the backward pass instead of kept; 0 keeps all: faster, more memory.",
            DefaultValueFactory = _ => 1,
        };
        var features = new Option<string?>("--feature-cache")
        {
            Description = "Folder that keeps features of the frozen networks, for training and testing; latency is measured without it.",
        };
        var (choice, data, recipe) = (new DetectorChoice(), new TrainingDataChoice(), new RecipeChoice());
        var command = new Command("compare", "Trains and tests several methods under one protocol: the paper's Table 1, with latency and memory.")
        {
            output, test, methods, seeds, limit, sigma, timed, shots, most, recompute, features,
        };
        choice.AddTo(command);
        choice.AddTilingTo(command);
        choice.AddRegionTo(command);
        command.Never(choice.Calibration, "metrics need no threshold.");
        command.Never(choice.ModulesFile, "every method trains its own modules.");
        command.Never(choice.MethodName, "methods are named with --methods.");
        data.AddTo(command);
        recipe.AddTo(command);
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            bool asJson = parsed.GetValue(json);
            var tested = TestData.Open(parsed.GetValue(test)!, parsed.GetValue(json));
            var auxiliary = data.Open(parsed, 0, parsed.GetValue(json), cancellationToken);
            string folder = parsed.GetValue(output)!;
            var comparison = new MethodComparison(new()
            {
                OutputFolder = folder,
                Seeds = parsed.GetValue(seeds)!,
                Recipe = own => recipe.Apply(parsed, own, own.Seed),
                Evaluation = new() { Cases = 0, Limit = parsed.GetValue(limit), SmoothingSigma = parsed.GetValue(sigma) },
                Training = new()
                {
                    OutputFolder = folder, RecomputedBlocks = parsed.GetValue(recompute), MaximumSteps = parsed.GetValue(most),
                    FeatureCacheFolder = parsed.GetValue(features),
                },
                LatencyImages = parsed.GetValue(timed),
                Shots = parsed.GetValue(shots) is >= 1 and var k ? k : throw new ArgumentException("--shots must be at least 1."), Decoder = ImageFiles.Decoder,
                Notice = choice.IsRandom(parsed) ? DetectorChoice.RandomNotice : null,
                Command = CommandLine.AsTyped(),
            });
            List<ComparedMethod> lines = [.. parsed.GetValue(methods)!.Select(DetectorRegistry.Default.FindMethod)
                .Select(m => new ComparedMethod(m.Description.Id, m.Description.Name, seed => Compose(choice, parsed, m, seed)))];
            var result = WithProgress(comparison, lines, auxiliary, tested, cancellationToken);
            TrainingDataChoice.PrintMasks(auxiliary);
            Print(asJson, result, folder);
            return Task.FromResult(result.Methods.Any(m => m.Failure is not null)
                ? result.Methods.All(m => m.Failure is not null) ? ExitCode.Error : ExitCode.SomeFailed : ExitCode.Success);
        });
        return command;
    }

    // What is trained here belongs to the backbone as it was trained, not to the activation that the released code switches to.
    private static ZeroShotDetectorBuilder Compose(DetectorChoice choice, ParseResult parsed, RegisteredMethod method, long seed)
    {
        var builder = choice.Builder(parsed, method, seed).WithoutModuleWeights();
        return method.Description.Id switch
        {
            "april-gan" => builder.UseAprilGan(new AprilGanOptions { Seed = seed, AsReleased = false }),
            "adaclip" => builder.UseAdaClip(new AdaClipOptions { Seed = seed, ExactGelu = false }),
            _ => builder,
        };
    }

    private static ComparisonResult WithProgress(
        MethodComparison comparison, List<ComparedMethod> methods, Training.Data.ITrainingData auxiliary, AnomalyDataSet test,
        CancellationToken cancellationToken) =>
        ProgressBars.Run<ComparisonProgress, ComparisonResult>(
            "comparing",
            progress => comparison.Run(methods, auxiliary, test, progress, cancellationToken),
            p => new(
                p.Run + (p.Phase switch
                {
                    "training" => 0.7 * p.Fraction,
                    "timing" => 0.7 + (0.05 * p.Fraction),
                    "testing" => 0.75 + (0.25 * p.Fraction),
                    _ => 1,
                }),
                p.Runs, string.Create(CultureInfo.InvariantCulture, $"{p.Method} seed {p.Seed}: {p.Phase} {100 * p.Fraction:0} %"), p.Images));

    private static void Print(bool json, ComparisonResult result, string folder)
    {
        string report = Path.Combine(folder, "comparison.html");
        if (json)
        {
            CliJson.Print(new
            {
                report, data = Path.Combine(folder, "comparison.json"), result.Notice,
                methods = result.Methods.Select(m => new { m.Method.Key, m.Failure, image_auroc = m.Of("image_auroc"), pixel_auroc = m.Of("pixel_auroc") }),
            });
            return;
        }

        var table = new Table().AddColumns("method", "image AUROC", "pixel AUROC", "AUPRO", "ms", "MB");
        foreach (var m in result.Methods)
        {
            table.AddRow(
                m.Method.Name, Percent(m, "image_auroc"), Percent(m, "pixel_auroc"), Percent(m, "aupro"),
                m.Runs.Count == 0 ? "-" : Number(m.Runs.Average(r => r.Latency.Median)),
                m.Runs.Count == 0 ? "-" : Number((m.Runs.Max(r => r.DetectionMemory) ?? 0) / 1e6));
        }

        AnsiConsole.Write(table);
        foreach (var m in result.Methods.Where(m => m.Failure is not null))
        {
            Console.Error.WriteLine($"error: {m.Method.Name} was not run: {m.Failure}");
        }

        Console.WriteLine($"Tables: {report} (and .md, .csv, .json)");
        if (result.Notice is { } notice)
        {
            Console.WriteLine($"NOTE: {notice}");
        }
    }

    private static string Percent(MethodResult m, string metric) => m.Of(metric) is { Mean: { } mean } s
        ? $"{Number(100 * mean)}{(s.StandardDeviation is { } d ? $" ± {Number(100 * d)}" : string.Empty)}" : "n/a";

    private static string Number(double v) => v.ToString("0.0", CultureInfo.InvariantCulture);
}
