using System.CommandLine;
using MfpClip.Cli.Detecting;
using MfpClip.Output;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip detect</c>: photos in; scores, overlays, results as data and a report out.</summary>
internal static class DetectCommand
{
    public static Command Create(Option<bool> json)
    {
        var images = new Argument<string[]>("images")
        {
            Description = "Photos or folders. Without any: the bundled sample images.", Arity = ArgumentArity.ZeroOrMore,
        };
        var name = new Option<string?>("--class") { Description = "What the photos show, in words. Default: as the calibration says, else \"object\"." };
        var output = new Option<string>("--out")
        {
            Description = "Folder for overlays, maps, results.csv, results.json and the report.", DefaultValueFactory = _ => "mfpclip-results",
        };
        var colors = new Option<ColorMap>("--colormap") { Description = "Colours of the map.", DefaultValueFactory = _ => ColorMap.Jet };
        var threshold = new Option<float?>("--pixel-threshold") { Description = "Map value from which a pixel belongs to a defect region." };
        var raw = new Option<bool>("--raw") { Description = "Also write the maps as 16-bit PNG and .npy." };
        var noZoom = new Option<bool>("--no-zoom")
        {
            Description = "No pages that zoom into photos of more than 2000 pixels a side; they take about a quarter of a byte a pixel on the disk.",
        };
        var export = new Option<ExportFormat[]>("--export")
        {
            Description = "Also write the regions for annotation programs: coco (coco.json) or labelme (a file an image in labelme/).",
            AllowMultipleArgumentsPerToken = true,
        };
        var fail = new Option<bool>("--fail-on-anomaly") { Description = "Exit code 5 where an image is anomalous; with a calibration." };
        var save = new Option<string?>("--save-references") { Description = "Write the memory bank of --references to this file (.safetensors)." };
        var choice = new DetectorChoice();
        var command = new Command("detect", "Writes a heat map and a score for each photo.")
        {
            images, name, output, colors, threshold, raw, noZoom, export, fail, save,
        };
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        choice.AddRegionTo(command);
        choice.AddReferencesTo(command);
        choice.AddBatchedTo(command, choice.References);
        command.Needs(choice.References, save);
        command.Refuse(
            fail, r => !r.IsGiven(choice.Calibration) && !r.IsGiven(choice.RecipeFile), $"has no effect without {choice.Calibration.Name}, which decides.");
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            string[] paths = parsed.GetValue(images) ?? [];
            var found = ImageFiles.Search(paths, parsed.GetValue(json));
            var files = found.Images;
            if (files.Count == 0)
            {
                return Task.FromResult(Failure.Report(ImageFiles.None(paths, found), parsed.GetValue(json), ExitCode.NothingReadable));
            }

            choice.CheckClass(parsed, name);
            choice.RequireReferences(parsed);
            var (alone, notice) = choice.Build(parsed);
            string className = choice.ClassName(parsed, parsed.GetValue(name));
            using var detector = choice.IsBatched(parsed) ? Batched(alone, files, cancellationToken)
                : choice.WithReferences(parsed, alone, className, cancellationToken);
            if (parsed.GetValue(fail) && detector.Calibration is null)
            {
                throw new ArgumentException($"{fail.Name} has no effect: the recipe has no calibration, which decides. Name one with --calibration.");
            }

            if (parsed.GetValue(save) is { } file)
            {
                detector.SaveReferences(file);
            }

            var run = new DetectionRun(detector, new()
            {
                Folder = parsed.GetValue(output)!, Pictures = new() { ColorMap = parsed.GetValue(colors) }, Raw = parsed.GetValue(raw),
                Zoom = !parsed.GetValue(noZoom),
                Exports = parsed.GetValue(export) ?? [], Notice = notice, ImageRoot = paths.Length == 1 && Directory.Exists(paths[0]) ? paths[0] : null,
            });
            var options = new DetectionOptions { ClassName = className, PixelThreshold = parsed.GetValue(threshold) };
            var summary = ProgressBars.Run<double, DetectionSummary>(
                "detecting", progress => run.Run(files, options, progress, cancellationToken), done => new(done, files.Count));
            summary = summary with
            {
                Skipped = found.Skipped,
                Failures = [.. found.Faults.Select(ImageFiles.Line), .. choice.UnreadableReferences, .. summary.Failures],
            };
            summary.Print(parsed.GetValue(json), detector, notice);
            return Task.FromResult(summary.Code(parsed.GetValue(fail)));
        });
        return command;
    }

    // Cannot be read: said again, and counted, when they are detected.
    private static ZeroShotDetector Batched(ZeroShotDetector alone, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        using (alone)
        {
            return ProgressBars.Run<int, ZeroShotDetector>(
                "comparing", p => alone.WithTestedBatch([.. files.Select(ImageInput.FromFile)], p, cancellationToken), done => new(done, files.Count));
        }
    }
}
