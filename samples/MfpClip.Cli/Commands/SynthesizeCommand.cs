using System.CommandLine;
using System.Globalization;
using MfpClip.Cli.Synthesis;
using MfpClip.Data;
using MfpClip.Output;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip synthesize</c>: writes rendered products, or a user's normal photos with defects pasted on them, in the MVTec AD layout.</summary>
internal static class SynthesizeCommand
{
    public static Command Create(Option<bool> json)
    {
        var output = new Option<string>("--out")
        {
            Description = "Folder to write to; a run that broke off goes on there.", DefaultValueFactory = _ => "mfpclip-synthetic",
        };
        var categories = new Option<string[]?>("--categories")
        {
            Description = "Categories (names in quotes); all by default, 'training' or 'held-out' for those.", AllowMultipleArgumentsPerToken = true,
        };
        var kinds = new Option<DefectKind[]?>("--kinds")
        {
            Description = "Kinds of defects; all that fit a category by default.", AllowMultipleArgumentsPerToken = true,
        };
        var train = new Option<int>("--train") { Description = "Normal images to train on, a category.", DefaultValueFactory = _ => 20 };
        var good = new Option<int>("--good") { Description = "Normal images to test on, a category.", DefaultValueFactory = _ => 10 };
        var defective = new Option<int>("--defective") { Description = "Defective images, a category and kind.", DefaultValueFactory = _ => 3 };
        var size = new Option<int>("--size") { Description = "Side in pixels.", DefaultValueFactory = _ => 320 };
        var seed = new Option<long>("--seed") { Description = "Everything follows from it." };
        var noCamera = new Option<bool>("--no-camera") { Description = "Leave out blur, noise, uneven light and compression." };
        var from = new Option<string[]?>("--from")
        {
            Description = "Photos of your own without defects (files or folders) to paste defects on, instead of rendering.",
            AllowMultipleArgumentsPerToken = true,
        };
        var className = new Option<string>("--class") { Description = "With --from: what the photos show.", DefaultValueFactory = _ => "object" };
        var jobs = new Option<int>("--jobs") { Description = "Pictures at a time.", DefaultValueFactory = _ => ThreadLimit.Count };
        var sheet = new Option<string?>("--sheet") { Description = "Only draw every category, normal and defective, into this PNG." };
        var small = new Option<bool>("--small-defects")
        {
            Description = "Large pictures with small defects, for --tile: panels of one product a category, by default of those that are held out.",
        };
        var megapixels = new Option<double>("--megapixels") { Description = "With --small-defects: size of a picture.", DefaultValueFactory = _ => 12 };
        var defectSizes = new Option<string>("--defect-sizes")
        {
            Description = "With --small-defects: longer sides in pixels, with commas; two of each in a picture.", DefaultValueFactory = _ => "4,8,16,32,64",
        };
        var command = new Command("synthesize", "Writes a synthetic data set with masks and captions in the MVTec AD layout; resumable.")
        {
            output, categories, kinds, train, good, defective, size, seed, noCamera, from, className, jobs, sheet,
            small, megapixels, defectSizes,
        };
        command.Excludes(sheet, "it draws every category once.", output, categories, kinds, train, good, defective, size, noCamera, from, className, jobs);
        command.Excludes(from, "the images are yours, nothing is rendered.", categories, train, good, size, noCamera);
        command.Needs(from, className);
        command.Needs(small, megapixels, defectSizes);
        command.Excludes(small, "pictures of small defects are rendered in one way.", kinds, size, noCamera, from, sheet);
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            bool asJson = parsed.GetValue(json);
            if (parsed.GetValue(sheet) is { } picture)
            {
                MapFiles.WritePng(picture, ContactSheet.Draw(parsed.GetValue(seed)));
                Say(asJson, new { sheet = picture }, picture);
                return Task.FromResult(0);
            }

            int[] counts = [parsed.GetValue(train), parsed.GetValue(good), parsed.GetValue(defective)];
            if (counts.Any(c => c < 0) || counts.All(c => c == 0) || parsed.GetValue(jobs) < 1)
            {
                throw new ArgumentException("--train, --good and --defective must not be negative nor all 0, and --jobs at least 1.");
            }

            if (parsed.GetValue(size) is < 32 or > 2048)
            {
                throw new ArgumentException($"--size must be 32 to 2048, not {parsed.GetValue(size)}.");
            }

            if (parsed.GetValue(small))
            {
                return Task.FromResult(Small(parsed.GetValue(megapixels), SmallDefectPlan.Sizes(parsed.GetValue(defectSizes)!)));
            }

            var wanted = parsed.GetValue(kinds) is { Length: > 0 } some ? some : null;
            var photos = parsed.GetValue(from) is { Length: > 0 } paths ? ImageFiles.Find(paths, asJson).Images : null;
            var names = Names(parsed.GetValue(categories));
            var plan = photos is null
                ? SyntheticPlan.Render(names, wanted, counts[0], counts[1], counts[2], parsed.GetValue(size), parsed.GetValue(seed), !parsed.GetValue(noCamera))
                : SyntheticPlan.Paste(photos, parsed.GetValue(className)!, file =>
                    MapFiles.ReadPhoto(file, ImageFiles.Decoder), wanted, counts[2], parsed.GetValue(seed));
            object settings = photos is null
                ? new
                {
                    Format = 1, Categories = names, Kinds = wanted?.Select(SyntheticPlan.KindName), Train = counts[0], Good = counts[1], Defective = counts[2],
                    Size = parsed.GetValue(size), Seed = parsed.GetValue(seed), Camera = !parsed.GetValue(noCamera),
                }
                : new
                {
                    Format = 1, From = photos.Select(f => $"{Path.GetFileName(f)}, {new FileInfo(f).Length} bytes"), Class = parsed.GetValue(className),
                    Kinds = wanted?.Select(SyntheticPlan.KindName), Defective = counts[2], Seed = parsed.GetValue(seed),
                };
            return Task.FromResult(Write(plan, settings));

            int Small(double area, int[] sizes)
            {
                if (area is not (>= 0.1 and <= 300))
                {
                    throw new ArgumentException(FormattableString.Invariant($"--megapixels must be 0.1 to 300, not {area}."));
                }

                var products = Names(parsed.GetValue(categories) is { Length: > 0 } some ? some : ["held-out"]);
                return Write(SmallDefectPlan.Render(products, counts[0], counts[1], counts[2], area, sizes, parsed.GetValue(seed)), new
                {
                    Format = 1, SmallDefects = sizes, Megapixels = area, Categories = products, Train = counts[0], Good = counts[1], Defective = counts[2],
                    Seed = parsed.GetValue(seed),
                });
            }

            int Write(SyntheticPlan planned, object madeWith)
            {
                var folder = new SyntheticFolder(parsed.GetValue(output)!);
                var summary = WithProgress(folder, planned, madeWith, parsed.GetValue(jobs), cancellationToken);
                Say(asJson, summary, string.Create(
                    CultureInfo.InvariantCulture, $"{summary.Images} images, categories: {summary.Categories}, in {summary.Folder}: {summary.Written} written, "
                        + $"{summary.Kept} there already, {summary.Seconds:0.0} s"));
                return 0;
            }
        });
        return command;
    }

    private static IReadOnlyList<string> Names(string[]? asked) => asked switch
    {
        null or { Length: 0 } => [.. ProceduralDataSet.Categories.Select(c => c.Name)],
        ["training"] => [.. ProceduralDataSet.Categories.Where(c => !c.IsHeldOut).Select(c => c.Name)],
        ["held-out"] => [.. ProceduralDataSet.Categories.Where(c => c.IsHeldOut).Select(c => c.Name)],
        _ => [.. asked.Distinct(StringComparer.Ordinal)],
    };

    private static SyntheticSummary WithProgress(SyntheticFolder folder, SyntheticPlan plan, object settings, int jobs, CancellationToken cancellationToken) =>
        ProgressBars.Run<int, SyntheticSummary>(
            "synthesizing",
            progress => folder.Write(plan, settings, jobs, progress.Report, cancellationToken),
            done => new(done, plan.Pictures.Count));

    private static void Say(bool json, object result, string words)
    {
        if (json)
        {
            CliJson.Print(result);
        }
        else
        {
            Console.WriteLine(words);
        }
    }
}
