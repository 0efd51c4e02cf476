using System.CommandLine;
using MfpClip.Evaluation;
using MfpClip.Evaluation.Reports;
using MfpClip.Files;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip report</c>: saved results in; the report rendered from scratch, of one run or of several together.</summary>
internal static class ReportCommand
{
    public static Command Create(Option<bool> json)
    {
        var results = new Argument<string[]>("results")
        {
            Description =
                "Folders that 'evaluate' wrote, or their results.json. Several: seeds of a method become mean and deviation, methods rows of a table.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string?>("--out") { Description = "Folder for the report. Without it: the folder of the results, where there is one." };
        var command = new Command("report", "Renders the report of saved results.") { results, output };
        Failure.Run(command, json, (parsed, _) =>
        {
            string[] paths = parsed.GetValue(results)!;
            var report = EvaluationReportFiles.Read(paths);
            string folder = parsed.GetValue(output) ?? (paths.Length == 1
                ? Directory.Exists(paths[0]) ? paths[0] : Path.GetDirectoryName(Path.GetFullPath(paths[0]))!
                : throw new ArgumentException("Several results are rendered together: name a folder for their report with --out."));
            using var held = FolderLock.Take(folder);
            string page = EvaluationReportFiles.Write(folder, report);
            if (parsed.GetValue(json))
            {
                CliJson.Print(new
                {
                    report = page,
                    methods = report.Methods.Select(m => new
                    {
                        m.Method, runs = m.Runs.Count, seeds = m.Runs.Select(r => r.Seed),
                        categories = m.Categories.ToDictionary(c => c, c => Figures(m, c)), mean = Figures(m, null),
                    }),
                });
            }
            else
            {
                Console.WriteLine($"{EvaluationReportFiles.Markdown(report)}Report: {page}");
            }

            return Task.FromResult(0);
        });
        return command;
    }

    // Fractions over the runs: mean and standard deviation of the sample, null where there is none.
    private static Dictionary<string, object> Figures(MethodRuns method, string? category) =>
        EvaluationMetrics.All.Where(m => m.Key != "aupro_authors").ToDictionary(
        m => m.Key, m => method.Summarise(m.Get, category) is var s ? (object)new { s.Mean, sd = s.Deviation, s.Runs } : null!);
}
