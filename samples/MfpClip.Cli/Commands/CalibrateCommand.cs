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
            Description = "Photos of parts without defects, or folders of them.", AllowMultipleArgumentsPerToken = true,
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
        var rate = new Option<double>("--false-alarm-rate")
        {
            Description = "Fraction of normal images that may be called anomalous, where only normal ones are given. 0: the threshold lies above all of them.",
            DefaultValueFactory = _ => 0,
        };
        var name = new Option<string?>("--class")
        {
            Description = "What the photos show, in words. Without it: the category's folder in words, or \"object\".",
        };
        var output = new Option<string>("--out") { Description = "The calibration file.", DefaultValueFactory = _ => "calibration.json" };
        var choice = new DetectorChoice();
        var command = new Command("calibrate", "Finds the score from which an image counts as anomalous.") { good, bad, data, labelled, rate, name, output };
        choice.AddTo(command, defaultModel: true);
        choice.AddReferencesTo(command);
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            var (ok, defective, words) = parsed.GetValue(data) is { } path ? FromData(path, parsed.GetValue(labelled))
                : (Find(parsed.GetValue(good)), Find(parsed.GetValue(bad)), "object");
            if (ok.Count == 0)
            {
                throw new CalibrationException("There are no normal images: name some with --good, or a category with --data.");
            }

            using var detector = choice.WithReferences(parsed, choice.Builder(parsed).Build(), parsed.GetValue(name) ?? words, cancellationToken);
            var options = new DetectionOptions { ClassName = parsed.GetValue(name) ?? words, IncludeImageMap = false };
            List<AnomalyResult> Detect(IEnumerable<string> files) => [.. files.Select(f => detector.Detect(f, options, cancellationToken))];
            var calibration = defective.Count == 0
                ? ScoreCalibrator.FromNormalImages(Detect(ok), parsed.GetValue(rate), detector.Description)
                : ScoreCalibrator.FromLabelledImages(Detect(ok), Detect(defective), detector.Description);
            string file = parsed.GetValue(output)!;
            CalibrationFile.Save(file, calibration);
            Print(parsed.GetValue(json), file, calibration, choice.Notice(parsed));
            return Task.FromResult(0);
        });
        return command;
    }

    private static (IReadOnlyList<string> Good, IReadOnlyList<string> Bad, string ClassName) FromData(string path, bool labelled)
    {
        var set = DataSetReader.Open(path);
        var category = set.Categories.Count == 1 ? set.Categories[0] : throw new DataSetException(
            DataSetFault.UnknownLayout, path, $"it holds {set.Categories.Count} categories ({string.Join(", ", set.Categories.Take(5).Select(c => c.Key))}, "
                + $"...); a threshold is for one of them. Name its folder.");
        var test = category.Test.ToLookup(s => s.IsAnomalous, s => s.ImagePath);
        string[] train = [.. category.TrainNormal.Select(s => s.ImagePath)];
        return labelled && !test[true].Any() ? throw new DataSetException(DataSetFault.Empty, path, "it has no defective test images; leave --labelled out.")
            : labelled ? ([.. test[false]], [.. test[true]], category.ClassName)
            : (train.Length > 0 ? train : [.. test[false]], [], category.ClassName);
    }

    private static IReadOnlyList<string> Find(string[]? paths) => paths is { Length: > 0 } ? ImageFiles.Find(paths) : [];

    private static void Print(bool json, string file, ScoreCalibration calibration, string? notice)
    {
        if (json)
        {
            CliJson.Print(new
            {
                calibration = file, calibration.ImageThreshold, calibration.PixelThreshold, calibration.Strategy, GoodImages = calibration.NormalImages,
                calibration.DefectiveImages, notice,
            });
            return;
        }

        string Number(float v) => v.ToString("0.####", CultureInfo.InvariantCulture);
        Console.WriteLine(
            $"An image counts as anomalous from a score of {Number(calibration.ImageThreshold)}, a pixel from {Number(calibration.PixelThreshold)} "
                + $"({calibration.Strategy}, {calibration.NormalImages} normal and {calibration.DefectiveImages} defective images).");
        Console.WriteLine($"Written to {file}; use it with 'mfpclip detect --calibration {file}'.");
        if (notice is not null)
        {
            Console.WriteLine($"NOTE: {notice}");
        }
    }
}
