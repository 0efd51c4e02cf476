using System.CommandLine;
using MfpClip.Data;
using MfpClip.Output;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip samples</c>: renders the bundled sample images again.</summary>
internal static class SamplesCommand
{
    private static readonly (string Category, long Seed, DefectKind? Defect)[] Pictures =
    [
        ("metal nut", 14, null), ("metal nut", 17, DefectKind.Corrosion), ("pill", 26, null), ("pill", 20, DefectKind.Crack),
        ("wood", 31, null), ("wood", 32, DefectKind.Stain), ("tile", 43, null), ("tile", 44, DefectKind.Scratch),
    ];

    public static Command Create(Option<bool> json)
    {
        var output = new Option<string>("--out") { Description = "Folder to write to.", DefaultValueFactory = _ => "samples/images" };
        var command = new Command("samples", "Renders the sample images (procedural, categories held out of training).") { output };
        Failure.Run(command, json, (parsed, _) =>
        {
            string folder = parsed.GetValue(output)!;
            var written = new List<string>();
            foreach (var (category, seed, defect) in Pictures)
            {
                string name = $"{category.Replace(' ', '_')}-{defect?.ToString().ToLowerInvariant() ?? "good"}.png";
                written.Add(Path.Combine(folder, name));
                MapFiles.WritePng(written[^1], ProceduralDataSet.Render(category, seed, defect).Image);
            }

            if (parsed.GetValue(json))
            {
                CliJson.Print(new { written });
            }
            else
            {
                Console.WriteLine($"{written.Count} images written to {folder}");
            }

            return Task.FromResult(0);
        });
        return command;
    }
}
