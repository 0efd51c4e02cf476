using System.CommandLine;
using System.Globalization;
using MfpClip.Calibration;
using MfpClip.Data;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip calibrate</c>: images whose state is known in; the threshold that <c>detect --calibration</c> takes out.</summary>
internal static class CalibrateCommand
{
    public static Command Create(Option<bool> json)
    {
        var good = new Option<string[]>("--good")
        {
            Description = "Photos of parts without defects, or folders of them. Without them and --data: the photos of --references, each compared with the "
                + "others.",
            AllowMultipleArgumentsPerToken = true,
        };
        var bad = new Option<string[]>("--bad")
        {
            Description = "Photos of defective parts, or folders of them. With them the threshold is the one with the best F1.",
            AllowMultipleArgumentsPerToken = true,
        };
        var data = new Option<string?>("--data")
        {
            Description = "A category of a data set instead: its normal training images, or its normal test images where it has no others.",
        };
        var labelled = new Option<bool>("--labelled") { Description = "With --data: use the normal and the defective test images." };
        var rate = new Option<double?>("--false-alarm-rate")
        {
            Description = "Fraction of normal images that may be called anomalous, where only normal ones are given. Default 0: the threshold lies above all "
                + "of them.",
        };
        var name = new Option<string?>("--class")
        {
            Description = "What the photos show, in words. Without it: the category's folder in words, or \"object\". 'detect --calibration' takes the "
                + "same.",
        };
        var output = new Option<string>("--out") { Description = "The calibration file.", DefaultValueFactory = _ => "calibration.json" };
        var choice = new DetectorChoice();
        var command = new Command("calibrate", "Finds the score from which an image counts as anomalous.") { good, bad, data, labelled, rate, name, output };
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        choice.AddRegionTo(command);
        choice.AddReferencesTo(command);
        command.Never(choice.Calibration, "a new one is made, from the raw scores.");
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            bool asJson = parsed.GetValue(json);
            if (parsed.GetValue(data) is not null && (parsed.GetValue(good) is { Length: > 0 } || parsed.GetValue(bad) is { Length: > 0 }))
            {
                throw new ArgumentException("--data names its own images; leave --good and --bad out.");
            }

            var references = choice.ReferencePhotos(parsed);
            var (normal, defective, words) = parsed.GetValue(data) is { } path ? FromData(path, parsed.GetValue(labelled), asJson)
                : parsed.GetValue(labelled) ? throw new ArgumentException("--labelled goes with --data; name defective photos with --bad.")
                : parsed.GetValue(good) is { Length: > 0 } named ? (Find(named, asJson), Find(parsed.GetValue(bad), asJson), ClassWords.Default)
                : (references, Find(parsed.GetValue(bad), asJson), ClassWords.Default);
            if (normal.Count == 0)
            {
                throw new CalibrationException(
                    "There are no normal images: name some with --good, a category with --data, or a folder of photos with --references.");
            }

            if (defective.Count > 0 && parsed.GetValue(rate) is not null)
            {
                throw new ArgumentException("--false-alarm-rate is for normal images alone: with defective ones the threshold has the best F1.");
            }

            choice.RequireReferences(parsed);
            string className = parsed.GetValue(name) ?? words;
            using var built = choice.Builder(parsed).Build();
            using var detector = choice.WithReferences(parsed, built.WithCalibration(null), className, cancellationToken);
            bool leavesOut = ReferenceEquals(normal, references);
            List<string> failures = [.. choice.UnreadableReferences];
            normal = ImageFiles.Readable(detector, normal, "Left out.", failures);
            defective = ImageFiles.Readable(detector, defective, "Left out.", failures);
            if (normal.Count == 0)
            {
                throw new CalibrationException($"None of the normal images can be read: {string.Join(" ", failures)}");
            }

            var calibration = Calibrate(
                detector, normal, defective, new() { ClassName = className }, parsed.GetValue(rate) ?? 0, cancellationToken);
            string file = parsed.GetValue(output)!;
            CalibrationFile.Save(file, calibration);
            string? leftOut = leavesOut ? "The photos are the references: each was compared with the others (leave-one-out)." : null;
            Print(asJson, file, calibration, [leftOut, .. detector.References?.Warnings ?? [], .. calibration.Notices, choice.Notice(parsed)]);
            failures.Distinct().ToList().ForEach(Failure.Tell);
            return Task.FromResult(failures.Count > 0 ? ExitCode.SomeFailed : ExitCode.Success);
        });
        return command;
    }

    private static ScoreCalibration Calibrate(
        ZeroShotDetector detector, IReadOnlyList<string> normal, IReadOnlyList<string> defective, DetectionOptions options, double rate,
        CancellationToken cancellationToken)
    {
        return ProgressBars.Run<int, ScoreCalibration>("calibrating", Run, done => new(done, normal.Count + defective.Count));

        ScoreCalibration Run(IProgress<int>? report) => defective.Count == 0
            ? ScoreCalibrator.FromNormalImages(detector, Images(normal), options, rate, report, cancellationToken)
            : ScoreCalibrator.FromLabelledImages(detector, Images(normal), Images(defective), options, report, cancellationToken);

        static ImageInput[] Images(IReadOnlyList<string> files) => [.. files.Select(ImageInput.FromFile)];
    }

    private static (IReadOnlyList<string> Good, IReadOnlyList<string> Bad, string ClassName) FromData(string path, bool labelled, bool json)
    {
        var set = TestData.Open([path], json);
        var category = set.Categories.Count == 1 ? set.Categories[0] : throw new DataSetException(
            DataSetFault.UnknownLayout, path, $"it holds {set.Categories.Count} categories ({string.Join(", ", set.Categories.Take(5).Select(c => c.Key))}, "
                + $"...); a threshold is for one of them. Name its folder.");
        var test = category.Test.ToLookup(s => s.IsAnomalous, s => s.ImagePath);
        string[] train = [.. category.TrainNormal.Select(s => s.ImagePath)];
        return labelled && !test[true].Any() ? throw new DataSetException(DataSetFault.Empty, path, "it has no defective test images; leave --labelled out.")
            : labelled ? ([.. test[false]], [.. test[true]], category.ClassName)
            : (train.Length > 0 ? train : [.. test[false]], [], category.ClassName);
    }

    private static IReadOnlyList<string> Find(string[]? paths, bool quiet) => paths is { Length: > 0 } ? ImageFiles.Find(paths, quiet).Images : [];

    private static void Print(bool json, string file, ScoreCalibration calibration, IEnumerable<string?> notices)
    {
        string[] notes = [.. notices.OfType<string>()];
        if (json)
        {
            CliJson.Print(new
            {
                calibration = file, calibration.ImageThreshold, calibration.PixelThreshold, calibration.Strategy, GoodImages = calibration.NormalImages,
                calibration.DefectiveImages, calibration.ClassName, calibration.FalseAlarms, calibration.Misses, notices = notes,
                notice = notes.Length == 0 ? null : string.Join(" ", notes),
            });
            return;
        }

        string Number(float v) => v.ToString("0.####", CultureInfo.InvariantCulture);
        Console.WriteLine(
            $"An image counts as anomalous from a score of {Number(calibration.ImageThreshold)}, a pixel from {Number(calibration.PixelThreshold)} "
                + $"({calibration.Strategy}, {calibration.NormalImages} normal and {calibration.DefectiveImages} defective images).");
        Console.WriteLine($"False alarms: {Expect(calibration.FalseAlarms!, "normal")}");
        if (calibration.Misses is { } misses)
        {
            Console.WriteLine($"Misses: {Expect(misses, "defective")}");
            Console.WriteLine("The threshold was chosen on these very images, so both are optimistic: try it on others ('mfpclip evaluate').");
        }

        Console.WriteLine(
            $"Written to {file}; use it with 'mfpclip detect --calibration {file}', which takes the class words \"{calibration.ClassName}\" from it.");
        foreach (string note in notes)
        {
            Console.WriteLine($"NOTE: {note}");
        }
    }

    private static string Expect(RateEstimate rate, string kind)
    {
        string Percent(double fraction) => (100 * fraction).ToString("0.#", CultureInfo.InvariantCulture) + " %";
        string interval = rate.Count == 0 ? $"at most {Percent(rate.Upper)}"
            : rate.Count == rate.Images ? $"at least {Percent(rate.Lower)}" : $"between {Percent(rate.Lower)} and {Percent(rate.Upper)}";
        return $"{rate.Count} of these {rate.Images} {kind} images. Of later ones that are like them expect {Percent(rate.Expected)}; with 95 % confidence "
            + $"{interval}.";
    }
}
