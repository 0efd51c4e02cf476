using System.CommandLine;
using System.Globalization;
using MfpClip.References;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip references</c>: what is in a file of references, images added to it and removed from it.</summary>
internal static class ReferencesCommand
{
    public static Command Create(Option<bool> json) =>
        new("references", "Lists, adds and removes the normal images of a file of references.") { List(json), Add(json), Remove(json) };

    private static Argument<string> File() => new("file") { Description = "The file of references (.safetensors)." };

    private static Command List(Option<bool> json)
    {
        var file = File();
        var command = new Command("list", "Lists the images of a file.") { file };
        Failure.Run(command, json, (parsed, _) =>
        {
            string path = parsed.GetValue(file)!;
            Print(parsed.GetValue(json), path, ReferenceFile.Read(path));
            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Add(Option<bool> json)
    {
        var file = File();
        var images = new Argument<string[]>("images") { Description = "Normal photos, or folders of them.", Arity = ArgumentArity.OneOrMore };
        var name = new Option<string?>("--class") { Description = "What the photos show, in words: for a new file. Default \"object\"." };
        var choice = new DetectorChoice();
        var command = new Command("add", "Adds images to a file, or makes one, with the detector that will read it.") { file, images, name };
        choice.AddTo(command, defaultModel: true);
        choice.AddTilingTo(command);
        command.Never(choice.Region, "references are stored whole, and hold for every region of interest.");
        choice.AddReferencesTo(command, folder: false);
        command.Never(choice.Calibration, "references come first, then 'mfpclip calibrate --references'.");
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            string path = parsed.GetValue(file)!;
            bool exists = System.IO.File.Exists(path);
            if (exists && parsed.GetValue(name) is not null)
            {
                throw new DetectorConfigurationException(
                    [$"'{path}' has its class words in it; leave --class out, or take the references again into a new file."]);
            }

            var options = choice.ReferencesAs(parsed, parsed.GetValue(name));
            using var built = choice.Builder(parsed).Build();
            using var alone = built.WithCalibration(null);
            var photos = choice.Readable(alone, parsed.GetValue(images)!);
            using var before = exists ? alone.WithReferenceFile(path, options.Weight) : null;
            using var detector = before is null ? alone.WithReferences(photos, options, null, cancellationToken)
                : before.AddReferences(photos, null, cancellationToken);
            detector.SaveReferences(path);
            Print(parsed.GetValue(json), path, ReferenceFile.Read(path), detector.References!.Warnings);
            choice.UnreadableReferences.ToList().ForEach(Failure.Tell);
            return Task.FromResult(choice.UnreadableReferences.Count > 0 ? ExitCode.SomeFailed : ExitCode.Success);
        });
        return command;
    }

    private static Command Remove(Option<bool> json)
    {
        var file = File();
        var images = new Argument<string[]>("images") { Description = "Names, ids or numbers from 'references list'.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("remove", "Removes images from a file; the others are not computed again.") { file, images };
        Failure.Run(command, json, (parsed, _) =>
        {
            string path = parsed.GetValue(file)!;
            var stored = ReferenceFile.Read(path).Summary.Images;
            Print(parsed.GetValue(json), path, ReferenceFile.Remove(path, [.. parsed.GetValue(images)!.Select(i => Identify(stored, i)).Distinct()]));
            return Task.FromResult(0);
        });
        return command;
    }

    // A name wins over a number that reads alike.
    private static string Identify(IReadOnlyList<ReferenceImage> stored, string text) =>
        stored.FirstOrDefault(i => i.Name == text || i.Id == text)?.Id
        ?? (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= stored.Count
            ? stored[number - 1].Id : text);

    private static void Print(bool json, string path, ReferenceFileContent content, IReadOnlyList<string>? warnings = null)
    {
        var s = content.Summary;
        warnings ??= s.Warnings;
        if (json)
        {
            CliJson.Print(new
            {
                file = path, content.Method, content.WeightsHash, content.ImageSize, content.LibraryVersion, class_name = s.Options.ClassName, s.Weight,
                s.Tokens,
                images = s.Images.Select((image, i) => new
                {
                    number = i + 1, image.Id, image.Name, image.Width, image.Height, image.Tokens, image.Distance,
                }),
                warnings,
            });
            return;
        }

        string Text(double v, string format) => v.ToString(format, CultureInfo.InvariantCulture);
        var table = new Table().AddColumns("#", "image", "size", "patches", "distance", "id");
        foreach (var (image, i) in s.Images.Select((image, i) => (image, i)))
        {
            table.AddRow(
                $"{i + 1}", Markup.Escape(image.Name), $"{image.Width} x {image.Height}", $"{image.Tokens}", Text(image.Distance, "0.####"), image.Id);
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"{path}: {s.Images.Count} images, {s.Tokens} patches, weight {Text(s.Weight, "0.##")}"
            + $"{(s.Options.Weight is null ? " (estimated)" : string.Empty)}, class words \"{s.Options.ClassName}\"; "
            + $"{content.Method} at {content.ImageSize} px, weights {content.WeightsHash[..Math.Min(12, content.WeightsHash.Length)]}.");
        foreach (string warning in warnings)
        {
            Console.WriteLine($"NOTE: {warning}");
        }
    }
}
