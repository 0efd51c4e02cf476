using System.CommandLine;
using System.Globalization;
using MfpClip.Output;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip detect</c>: photos in; scores, overlays and a report out.</summary>
internal static class DetectCommand
{
    public static Command Create(Option<bool> json)
    {
        var images = new Argument<string[]>("images")
        {
            Description = "Photos or folders. Without any: the bundled sample images.", Arity = ArgumentArity.ZeroOrMore,
        };
        var name = new Option<string>("--class") { Description = "What the photos show, in words.", DefaultValueFactory = _ => "object" };
        var output = new Option<string>("--out") { Description = "Folder for overlays, maps and the report.", DefaultValueFactory = _ => "mfpclip-results" };
        var colors = new Option<ColorMap>("--colormap") { Description = "Colours of the map.", DefaultValueFactory = _ => ColorMap.Jet };
        var threshold = new Option<float?>("--pixel-threshold") { Description = "Map value from which a pixel belongs to a defect region." };
        var raw = new Option<bool>("--raw") { Description = "Also write the maps as 16-bit PNG and .npy." };
        var save = new Option<string?>("--save-references") { Description = "Write the memory bank of --references to this file (.safetensors)." };
        var choice = new DetectorChoice();
        var command = new Command("detect", "Writes a heat map and a score for each photo.") { images, name, output, colors, threshold, raw, save };
        choice.AddTo(command, defaultModel: true);
        choice.AddReferencesTo(command);
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            bool asJson = parsed.GetValue(json);
            var files = ImageFiles.Find(parsed.GetValue(images) ?? []);
            var (alone, notice) = choice.Build(parsed);
            using (var detector = choice.WithReferences(parsed, alone, parsed.GetValue(name), cancellationToken))
            {
                if (parsed.GetValue(save) is { } file)
                {
                    detector.SaveReferences(file);
                }

                string folder = parsed.GetValue(output)!;
                var run = new Run(detector, folder, new() { ColorMap = parsed.GetValue(colors) }, parsed.GetValue(raw), new()
                {
                    ClassName = parsed.GetValue(name)!, PixelThreshold = parsed.GetValue(threshold),
                });
                var (results, failures) = asJson ? run.All(files, notice, _ => { }, cancellationToken) : WithProgress(run, files, notice, cancellationToken);
                Print(asJson, results, failures, notice, folder, detector);
                return Task.FromResult(failures.Count > 0 ? 1 : 0);
            }
        });
        return command;
    }

    private static (List<Detected>, List<string>) WithProgress(Run run, IReadOnlyList<string> files, string? notice, CancellationToken cancellationToken) =>
        ProgressBars.Run<string, (List<Detected>, List<string>)>(
            "detecting",
            progress => run.All(files, notice, progress.Report, cancellationToken),
            (bar, _) =>
            {
                bar.MaxValue = files.Count;
                bar.Increment(1);
            });

    private static void Print(bool json, List<Detected> results, List<string> failures, string? notice, string folder, ZeroShotDetector detector)
    {
        string report = Path.Combine(folder, "report.html");
        if (json)
        {
            CliJson.Print(new
            {
                results, failures, notice, references = detector.References?.Images, warnings = detector.References?.Warnings ?? [], report,
                method = detector.Description.Method, weights_hash = detector.Description.WeightsHash,
            });
        }
        else
        {
            var table = new Table().AddColumns("image", "score", "decision", "regions", "ms");
            foreach (var (r, name) in results.Zip(DistinctNames.Of([.. results.Select(r => r.Image)])))
            {
                table.AddRow(Markup.Escape(name), Number(r.Score), r.Anomalous switch { true => "anomalous", false => "normal", _ => "-" },
                    $"{r.Regions.Count}", Number(r.Milliseconds));
            }

            AnsiConsole.Write(table);
            Console.WriteLine($"Overlays, overview.png and report: {report}");
            foreach (string warning in detector.References?.Warnings ?? [])
            {
                Console.WriteLine($"NOTE: {warning}");
            }

            if (notice is not null)
            {
                Console.WriteLine($"NOTE: {notice}");
            }
        }

        foreach (string failure in failures)
        {
            Console.Error.WriteLine($"error: {failure}");
        }
    }

    private static string Number(double v) => v.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>One line of the output.</summary>
    private sealed record Detected(
        string Image, float Score, float? CalibratedScore, bool? Anomalous, IReadOnlyList<DefectRegion> Regions, double Milliseconds, string Overlay);

    /// <summary>The loop over the photos. One that cannot be read is reported and the others go on.</summary>
    private sealed record Run(ZeroShotDetector Detector, string Folder, MapImageOptions Pictures, bool Raw, DetectionOptions Options)
    {
        public (List<Detected> Results, List<string> Failures) All(
            IReadOnlyList<string> files, string? notice, Action<string> done, CancellationToken cancellationToken)
        {
            var (results, failures, sheet) = (new List<Detected>(), new List<string>(), new OverviewSheet());
            using var report = new HtmlReport(Path.Combine(Folder, "report.html"), Detector.Description, notice);
            var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (string file in files)
            {
                try
                {
                    results.Add(One(file, UniqueName(file, names), report, sheet, cancellationToken));
                }
                catch (ImageDecodeException e)
                {
                    failures.Add(e.Message);
                    report.AddFailure(file, e.Message);
                }

                done(file);
            }

            report.Complete();
            if (sheet.Draw(Pictures) is { } picture)
            {
                MapFiles.WritePng(Path.Combine(Folder, "overview.png"), picture);
            }

            return (results, failures);
        }

        private Detected One(string file, string name, HtmlReport report, OverviewSheet sheet, CancellationToken cancellationToken)
        {
            var result = Detector.Detect(file, Options, cancellationToken);
            var photo = MapFiles.ReadPhoto(file);
            string overlay = Path.Combine(Folder, $"{name}.overlay.png");
            var overlaid = MapImages.Overlay(photo, result.ImageMap!, result.Regions, Pictures);

            // Images of large photos take longer than the detection: they are packed while the page is written.
            var pictures = Task.Run(() => MapFiles.WritePng(overlay, overlaid), CancellationToken.None);
            sheet.Add(result, photo, overlaid);
            MapFiles.WritePng(Path.Combine(Folder, $"{name}.heatmap.png"), MapImages.HeatMap(result.ImageMap!, Pictures));
            if (Raw)
            {
                MapFiles.WritePng16(Path.Combine(Folder, $"{name}.map16.png"), result.ImageMap!);
                MapFiles.WriteNpy(Path.Combine(Folder, $"{name}.map.npy"), result.ImageMap!);
            }

            report.Add(result, photo, Pictures, new() { Photo = file, Overlay = overlay, HeatMap = Path.Combine(Folder, $"{name}.heatmap.png") });
            pictures.GetAwaiter().GetResult();
            return new(file, result.Score, result.CalibratedScore, result.IsAnomalous, result.Regions, result.Timings.Total.TotalMilliseconds, overlay);
        }

        private static string UniqueName(string file, HashSet<string> names)
        {
            string name = Path.GetFileNameWithoutExtension(file);
            for (int i = 2; !names.Add(name); i++)
            {
                name = $"{Path.GetFileNameWithoutExtension(file)}-{i}";
            }

            return name;
        }
    }
}
