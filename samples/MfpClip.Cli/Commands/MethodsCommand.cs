using System.CommandLine;
using MfpClip.Methods;

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
                CliJson.Print(MethodCatalogue.Methods.Select(m => new { m.Key, m.Name, m.Paper, m.Summary, m.IsTrained, m.ReadsCnn }));
                return Task.FromResult(0);
            }

            foreach (var m in MethodCatalogue.Methods)
            {
                string needs = (m.IsTrained ? "trained on auxiliary data" : "nothing to train") + (m.ReadsCnn ? ", reads a CNN" : string.Empty);
                Console.WriteLine($"{m.Key,-12} {m.Name} ({m.Paper}; {needs}): {m.Summary}");
            }

            return Task.FromResult(0);
        });
        return new Command("methods", "Shows the methods that can be composed.") { list };
    }
}
