using System.CommandLine;
using MfpClip.Evaluation;
using MfpClip.Evaluation.Baselines;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip baselines</c>: one table of what the default model must beat, what its parts are worth, and what normal images add.</summary>
internal static class BaselinesCommand
{
    public static Command Create(Option<bool> json)
    {
        var data = new Option<string[]>("--data")
        {
            Description = "What to test on: folders or lists in a known layout (docs/data-sets.md).", Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var models = new Option<string[]>("--models")
        {
            Description = "Folders that 'pretrain' filled, one a seed, or 'default' for the model inside this program. Lines give mean and standard "
                + "deviation over them.",
            AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["default"],
        };
        var lines = new Option<string[]>("--lines")
        {
            Description = $"Which lines to run; without it all: {string.Join(", ", new BaselineStudy(new() { OutputFolder = "." }).Lines)}.",
            AllowMultipleArgumentsPerToken = true,
        };
        var shots = new Option<int[]>("--shots")
        {
            Description = "Numbers of reference images.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2, 4, 8],
        };
        var output = new Option<string>("--out")
        {
            Description = "Folder for runs and tables. Started again with it, the study goes on; what is there is not run again.",
            DefaultValueFactory = _ => "mfpclip-baselines",
        };
        var limit = TestLimit.Create("Images of each category at most, normal and defective alike, for trial runs.");
        var resolution = new Option<EvaluationResolution>("--resolution")
        {
            Description = "Compare maps with masks at the image's resolution, or at the model's, as the papers do.",
            DefaultValueFactory = _ => EvaluationResolution.Image,
        };
        var command = new Command(
            "baselines", "Compares the default model with what it must beat and with its parts switched off, in one table. Nothing is trained.")
        {
            data, models, lines, shots, output, limit, resolution,
        };
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            string folder = parsed.GetValue(output)!;
            var options = new BaselineStudyOptions
            {
                OutputFolder = folder, Lines = parsed.GetValue(lines) ?? [], Shots = parsed.GetValue(shots)!, Decoder = ImageFiles.Decoder,
            };
            var study = new BaselineStudy(options with
            {
                Evaluation = options.Evaluation with { Limit = parsed.GetValue(limit), Resolution = parsed.GetValue(resolution) },
            });
            var chosen = parsed.GetValue(models)!.Select(Model).ToList();
            var set = TestData.Open(parsed.GetValue(data)!, parsed.GetValue(json));
            bool asJson = parsed.GetValue(json);
            string table = ProgressBars.Run<EvaluationProgress, string>(
                "baselines", p => study.Run(chosen, set, null, p, cancellationToken), EvaluateCommand.Read);
            if (asJson)
            {
                CliJson.Print(new { table, models = chosen.Select(m => new { m.Name, m.Seed }) });
            }
            else
            {
                Console.WriteLine($"{File.ReadAllText(table)}Tables: {table}");
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static BaselineModel Model(string folder, int index) => folder == "default"
        ? new("default", index + 1, () => new ZeroShotDetectorBuilder().UseDecoder(ImageFiles.Decoder).UseDefaultModel())
        : new(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), index + 1, () => new ZeroShotDetectorBuilder()
            .UseDecoder(ImageFiles.Decoder).UseDefaultModel(folder));
}
