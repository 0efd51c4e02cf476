using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using MfpClip.Calibration;
using MfpClip.References;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip fit</c>: folders of normal images of any size in; a file of references out, and a calibration from the same images.</summary>
internal static class FitCommand
{
    public static Command Create(Option<bool> json)
    {
        var images = new Argument<string[]>("images") { Description = "Photos of parts without defects, or folders of them.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--out")
        {
            Description = "The file of references. Where it is there the images are added; a fit that broke off goes on.",
            DefaultValueFactory = _ => "references.safetensors",
        };
        var tokens = new Option<int?>("--max-tokens")
        {
            Description = "Patches of all images together at most: memory is bounded by it. Default: the method's own.",
        };
        var every = new Option<int>("--save-every")
        {
            Description = "Images after which an unfinished fit is saved.", DefaultValueFactory = _ => new ReferenceFitOptions().SaveEvery,
        };
        var calibration = new Option<string?>("--calibration-out")
        {
            Description = "Also write a calibration from the same images, each compared with the others (leave-one-out).",
        };
        var rate = new Option<double?>("--false-alarm-rate")
        {
            Description = "Fraction of the images that the calibration may call anomalous. Default 0: the threshold lies above all of them.",
        };
        var name = new Option<string?>("--class") { Description = "What the photos show, in words: for a new file. Default \"object\"." };
        var choice = new DetectorChoice();
        var command = new Command("fit", "Makes a file of references from folders of normal images of any size; resumable.")
        {
            images, output, tokens, every, calibration, rate, name,
        };
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        choice.AddRegionTo(command);
        choice.AddReferencesTo(command, folder: false);
        command.Needs(calibration, rate, choice.Region); // references are stored whole
        command.Never(choice.Calibration, "references come first; --calibration-out makes one with them.");
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            string path = parsed.GetValue(output)!;
            CheckName(path);
            choice.CheckClass(parsed, name);
            string[] files = [.. ImageFiles.Find(parsed.GetValue(images)!, quiet: true).Images];
            bool named = parsed.GetValue(name) is not null || parsed.GetValue(tokens) is not null || parsed.GetResult(choice.ReferenceWeight) is not null;
            var references = choice.ReferencesAs(parsed, parsed.GetValue(name));
            var options = new ReferenceFitOptions
            {
                References = !named ? null : references with { MaximumTokens = parsed.GetValue(tokens) ?? references.MaximumTokens },
                SaveEvery = parsed.GetValue(every) is >= 1 and var n ? n : throw new ArgumentException("--save-every must be at least 1."),
            };
            using var built = choice.Builder(parsed).Build();
            using var alone = built.WithCalibration(null);
            var unreadable = new List<string>();
            int computed = 0;
            var watch = Stopwatch.StartNew();
            using var fitted = ProgressBars.Run<ReferenceFitProgress, ZeroShotDetector>(
                "fitting", p => alone.FitReferences(path, [.. files.Select(ImageInput.FromFile)], options, p, cancellationToken), Read);
            double seconds = watch.Elapsed.TotalSeconds;
            var made = parsed.GetValue(calibration) is { } file ? Calibrate(
                fitted, files, unreadable, file, parsed.GetValue(rate) ?? 0, cancellationToken) : null;
            Print(parsed.GetValue(json), path, fitted.References!, computed, seconds, unreadable, made is null ? null : parsed.GetValue(calibration), made,
                choice.Notice(parsed));
            unreadable.ForEach(Failure.Tell);
            return Task.FromResult(unreadable.Count > 0 ? ExitCode.SomeFailed : ExitCode.Success);

            ProgressState Read(ReferenceFitProgress p)
            {
                computed = p.Computed;
                if (p.Unreadable is { } fault)
                {
                    unreadable.Add($"Reference left out. {fault}");
                }

                return new(p.Done, p.Total);
            }
        });
        return command;
    }

    private static void CheckName(string path)
    {
        if (!path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"--out is '{path}'; a file of references ends in .safetensors, by which '--references' knows it from a photo.");
        }
    }

    private static ScoreCalibration Calibrate(
        ZeroShotDetector detector, string[] files, List<string> unreadable, string file, double rate, CancellationToken cancellationToken)
    {
        // What cannot be read was said already.
        ImageInput[] readable = [.. ImageFiles.Readable(detector, files, string.Empty, []).Select(ImageInput.FromFile)];
        var options = new DetectionOptions { ClassName = detector.References!.Options.ClassName };
        var calibration = ProgressBars.Run<int, ScoreCalibration>(
            "calibrating", p => ScoreCalibrator.FromNormalImages(detector, readable, options, rate, p, cancellationToken),
            done => new(done, files.Length - unreadable.Count));
        CalibrationFile.Save(file, calibration);
        return calibration;
    }

    private static void Print(
        bool json, string path, ReferenceSummary summary, int computed, double seconds, List<string> unreadable, string? file, ScoreCalibration? calibration,
        string? notice)
    {
        double speed = computed / Math.Max(seconds, 1e-3);
        if (json)
        {
            CliJson.Print(new
            {
                file = path, images = summary.Images.Count, computed, seconds, images_per_second = speed, summary.Tokens, summary.Width, summary.Weight,
                unreadable, warnings = summary.Warnings, calibration = file, image_threshold = calibration?.ImageThreshold, notice,
            });
            return;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{path}: {summary.Images.Count} images, {summary.Tokens} patches of {summary.Width} values; "
            + $"{computed} computed in {seconds:0.0} s, {speed:0.0} images/s. Use it with --references {path}."));
        if (calibration is not null)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{file}: an image counts as anomalous from a score of {calibration.ImageThreshold:0.####}; each image was compared with the others."));
        }

        foreach (string note in summary.Warnings.Append(notice).OfType<string>())
        {
            Console.WriteLine($"NOTE: {note}");
        }
    }
}
