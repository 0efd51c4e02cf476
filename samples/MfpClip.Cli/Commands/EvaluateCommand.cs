using System.CommandLine;
using System.Globalization;
using MfpClip.Data;
using MfpClip.Evaluation;
using MfpClip.Evaluation.Metrics;
using MfpClip.Evaluation.Reports;
using MfpClip.Files;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip evaluate</c>: a data set in; the field's metrics and a report out.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Option<bool> json)
    {
        var data = new Option<string[]>("--data")
        {
            Description = "A category, a data set or a folder of data sets: MVTec AD, LOCO, AD 2, 3D, BTAD, MPDD, VisA, Real-IAD, meta.json, a folder with "
                + "good/ and bad/, or a table images.csv (docs/data-sets.md). Several: tested together.",
            Required = true, AllowMultipleArgumentsPerToken = true,
        };
        var output = new Option<string>("--out")
        {
            Description = "Folder for the report, its figures and images.", DefaultValueFactory = _ => "mfpclip-evaluation",
        };
        var smooth = new Option<double?>("--smooth")
        {
            Description = "Smooth maps with a Gaussian of this width in pixels; alone: 4, as AnomalyCLIP and APRIL-GAN do. Without it maps are not smoothed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var limit = TestLimit.Create("Images of each category at most, normal and defective alike, for trial runs.");
        var resolution = new Option<EvaluationResolution>("--resolution")
        {
            Description = "Compare maps with masks at the image's resolution, or at the model's, as the papers do.",
            DefaultValueFactory = _ => EvaluationResolution.Image,
        };
        var name = new Option<string?>("--class") { Description = "What the photos show, in words. Without it: the category's folder in words." };
        var cases = new Option<int>("--cases")
        {
            Description = "Best and worst cases of each kind and category whose images are in the report; 0: none, for data that must not be passed on.",
            DefaultValueFactory = _ => new EvaluationOptions().Cases,
        };
        var auxiliary = new Option<string[]>("--auxiliary")
        {
            Description = "What the modules were trained on: data sets, or training.json. Without it: the training.json beside the modules. Overlap "
                + "with --data is refused.",
            AllowMultipleArgumentsPerToken = true,
        };
        var choice = new DetectorChoice();
        var baseline = new BaselineChoice();
        var command = new Command("evaluate", "Measures a detector on a data set and writes a report.")
        {
            data, output, smooth, limit, resolution, name, cases, auxiliary,
        };
        var shots = new ShotChoice();
        shots.AddTo(command);
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        choice.AddRegionTo(command);
        choice.AddReferencesTo(command, folder: false);
        choice.AddBatchedTo(command, [.. shots.All]);
        choice.AddModulesOffTo(command);
        baseline.AddTo(command);
        baseline.RefuseWhatItDoesNotRead(command, choice, name);
        command.Refuse(choice.ReferenceWeight, r => !shots.Any(r), "has no effect without --shots.");
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            choice.CheckClass(parsed, name);
            var set = TestData.Open(parsed.GetValue(data)!, parsed.GetValue(json));
            var protocol = AuxiliaryData.Protocol(choice.Modules(parsed), parsed.GetValue(auxiliary) ?? [], set, cancellationToken);
            var options = new EvaluationOptions
            {
                SmoothingSigma = parsed.GetValue(smooth) ?? (parsed.GetResult(smooth) is null ? 0 : 4),
                Limit = parsed.GetValue(limit), Resolution = parsed.GetValue(resolution), ClassName = parsed.GetValue(name),
                Cases = parsed.GetValue(cases) is var kept and >= 0 ? kept : throw new ArgumentException(
                    $"--cases is {parsed.GetValue(cases)}; it must not be negative."),
            };
            string folder = parsed.GetValue(output)!;
            // A study holds its folder itself while it runs.
            using var held = shots.IsStudy(parsed) ? null : FolderLock.Take(folder);
            var work = new EvaluationWork(choice, baseline, shots, parsed, options, set, protocol, folder, cancellationToken);
            var report = ProgressBars.Run<EvaluationProgress, EvaluationReport>("evaluating", work.Run, Read);
            string? notice = baseline.ReadsWeights(parsed) ? choice.Notice(parsed) : null;
            report = new([.. report.Runs.Select(r => r with { Notice = notice })]);
            OwnOutputs.Mark(folder);
            string page = EvaluationReportFiles.Write(folder, report);
            if (shots.IsStudy(parsed))
            {
                PrintStudy(parsed.GetValue(json), report, page);
            }
            else
            {
                Print(parsed.GetValue(json), report.Runs[0], page);
            }

            string[] unreadable = [.. report.Runs.SelectMany(r => r.Categories).SelectMany(c => c.Unreadable).Distinct()];
            Array.ForEach(unreadable, Failure.Tell);
            return Task.FromResult(unreadable.Length > 0 ? ExitCode.SomeFailed : ExitCode.Success);
        });
        return command;
    }

    /// <summary>Where an evaluation stands.</summary>
    public static ProgressState Read(EvaluationProgress p) => new(p.Done, p.Total, p.Category);

    private static void PrintStudy(bool json, EvaluationReport report, string page)
    {
        var first = report.Runs[0];
        if (json)
        {
            CliJson.Print(new
            {
                method = first.Settings["without_references"], shots = ShotChoice.Json(report), data = first.DataSet, first.Protocol, notice = first.Notice,
                report = page,
            });
            return;
        }

        // The tables over the number of images; those of each row are in the report.
        Console.WriteLine(EvaluationReportFiles.ShotTables(report));
        Console.WriteLine($"Report: {page}");
        if (first.Notice is not null)
        {
            Console.WriteLine($"NOTE: {first.Notice}");
        }
    }

    private static void Print(bool json, EvaluationRun run, string page)
    {
        if (json)
        {
            CliJson.Print(new
            {
                method = run.Detector.Method, weights_hash = run.Detector.WeightsHash,
                categories = run.Categories.ToDictionary(c => c.Key, c => Figures(c.Metrics, c.Images, c.SecondsPerImage)),
                mean = Figures(run.Mean, run.Images, run.SecondsPerImage),
                data = run.DataSet, seed = run.Seed, decisions = DecisionOutput.Json(run), run.Protocol, run.Notes, notice = run.Notice, report = page,
            });
            return;
        }

        var shown = EvaluationMetrics.All.Where(m => m.Key != "aupro_authors").ToList();
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 160);
        }

        string Short(string title) => title.Replace("image ", "I-", StringComparison.Ordinal).Replace("pixel ", "P-", StringComparison.Ordinal)
            .Replace("F1-max", "F1", StringComparison.Ordinal);
        TableColumn Right(string title) => new TableColumn(title).RightAligned().NoWrap();
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("category").NoWrap())
            .AddColumns([.. shown.Select(m => Right(Short(m.Title))), Right("images"), Right("s/img")]);
        foreach (var c in run.Categories)
        {
            table.AddRow([Markup.Escape(c.Key), .. Cells(shown, c.Metrics, c.Images, c.SecondsPerImage)]);
        }

        table.AddEmptyRow().AddRow(["mean", .. Cells(shown, run.Mean, run.Images, run.SecondsPerImage)]);
        AnsiConsole.Write(table);
        DecisionOutput.Print(run);
        Console.WriteLine($"Percent; I: images, P: pixels. n/a: not available, for example because masks are missing; the report says "
            + $"why.{Environment.NewLine}Report: {page}");
        foreach (string note in run.Notes)
        {
            Console.WriteLine($"NOTE: {note}.");
        }

        if (run.Notice is not null)
        {
            Console.WriteLine($"NOTE: {run.Notice}");
        }
    }

    // Fractions, null where a metric is not available; exactly these keys.
    private static Dictionary<string, object?> Figures(EvaluationMetrics metrics, int images, double seconds)
    {
        var figures = EvaluationMetrics.All.Where(m => m.Key != "aupro_authors").ToDictionary(m => m.Key, m => (object?)m.Get(metrics).Value);
        (figures["images"], figures["seconds_per_image"]) = (images, seconds);
        return figures;
    }

    private static IEnumerable<string> Cells(IEnumerable<(string Key, string Title, Func<EvaluationMetrics, Evaluation.Metrics.MetricValue> Get)> shown,
        EvaluationMetrics metrics, int images, double seconds) =>
        [.. shown.Select(m => m.Get(metrics).ToString()), images.ToString(CultureInfo.InvariantCulture), seconds.ToString(
            "0.000", CultureInfo.InvariantCulture)];
}
