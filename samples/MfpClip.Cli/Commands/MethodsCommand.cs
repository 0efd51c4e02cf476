using System.CommandLine;
using MfpClip.Detection;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip methods list</c>: what <c>--method</c> takes.</summary>
internal static class MethodsCommand
{
    public static Command Create(Option<bool> json)
    {
        var list = new Command("list", "Lists the methods.");
        Failure.Run(list, json, (parsed, _) =>
        {
            if (parsed.GetValue(json))
            {
                CliJson.Print(DetectorRegistry.Default.Methods.Select(m => new
                {
                    Key = m.Description.Id, m.Description.Name, m.Description.Paper, m.Description.Summary, m.Description.IsTrained, m.Description.ReadsCnn,
                }));
                return Task.FromResult(0);
            }

            foreach (var m in DetectorRegistry.Default.Methods.Select(m => m.Description))
            {
                string needs = (m.IsTrained ? "trained on auxiliary data" : "nothing to train") + (m.ReadsCnn ? ", reads a CNN" : string.Empty);
                Console.WriteLine($"{m.Id,-12} {m.Name} ({string.Join("; ", new[] { m.Paper, needs }.Where(t => t.Length > 0))}): {m.Summary}");
            }

            return Task.FromResult(0);
        });
        return new Command("methods", "Shows the methods that can be composed.") { list };
    }
}
