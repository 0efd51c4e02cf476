using System.CommandLine.Parsing;
using System.Xml.Linq;
using MfpClip.Cli.Commands;

namespace MfpClip.Docs.Tests;

/// <summary>Every command of the documentation: those of <c>mfpclip</c> by the parser of the program itself, the others by what they name.</summary>
public class CommandTests
{
    // Programs that a page uses beside dotnet; they are not checked further.
    private static readonly HashSet<string> _shell = ["T=$(python3", "N=$(find", "LD_LIBRARY_PATH=$T:$N"];

    private static IEnumerable<DocumentedCommand> All => Repository.Documents.SelectMany(DocumentedCommand.In);

    public static TheoryData<string> Commands => [.. All.Select(c => c.ToString()).Distinct()];

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_command_is_one_that_exists(string text)
    {
        var command = All.First(c => c.ToString() == text);
        if (command.CliArguments is { } arguments)
        {
            if (command.InText && arguments[^1] == "...")
            {
                arguments = [.. arguments.SkipLast(1)];
                arguments = arguments.Count > 0 && arguments[^1].StartsWith("--", StringComparison.Ordinal) ? [.. arguments, "X"] : arguments;
            }

            var faults = Faults(arguments).Where(e => !command.InText || !e.EndsWith("is required.", StringComparison.Ordinal));
            Assert.True(!faults.Any(), $"{text}\n{string.Join('\n', faults)}");
        }
        else
        {
            bool known = _shell.Contains(command.Words[0]) || IsDotnet(command.Words);
            Assert.True(known, $"{text}: neither a command of mfpclip nor one of dotnet that this test knows.");
        }
    }

    [Theory]
    [InlineData("evaluate", "--data", "mvtec", "--smoooth", "4")]
    [InlineData("evaluate")]
    [InlineData("ablate", "--data", "a", "--test", "b", "--seeds", "first")]
    [InlineData("evaluate", "--data", "a", "--without", "i3tp")]
    public void What_the_program_does_not_know_is_refused(params string[] arguments) => Assert.NotEmpty(Faults(arguments));

    private static IEnumerable<string> Faults(IReadOnlyList<string> arguments)
    {
        var parsed = CommandTree.Create().Root.Parse([.. arguments]);
        var options = new HashSet<string>(["--help", "--version"], StringComparer.Ordinal);
        for (SymbolResult? result = parsed.CommandResult; result is not null; result = result.Parent)
        {
            options.UnionWith(((CommandResult)result).Command.Options.Select(o => o.Name));
        }

        // An option that takes several values would take an unknown option for one of them.
        var unknown = arguments.Where(a => a.StartsWith("--", StringComparison.Ordinal) && !options.Contains(a)).Select(a => $"There is no option {a}.");
        return parsed.Errors.Select(e => e.Message).Concat(unknown);
    }

    private static bool IsDotnet(string[] words) => words switch
    {
        ["dotnet", "build" or "test" or "pack" or "run" or "format", .. var rest] =>
            rest.Where(w => w.Contains('/', StringComparison.Ordinal) || w.EndsWith(".sln", StringComparison.Ordinal))
                .All(p => Path.Exists(Path.Combine(Repository.Root, p))),
        ["dotnet", "add", "package", var name] => File.Exists(Path.Combine(Repository.Root, "src", name, $"{name}.csproj")),
        ["dotnet", "add", "package", var name, "--version", var version] => Pinned(name) == version,
        ["dotnet", "tool", "install", .. var rest] => rest.Contains("MfpClip.Cli"),
        _ => false,
    };

    private static string? Pinned(string package) => XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion")
        .SingleOrDefault(p => (string?)p.Attribute("Include") == package)?.Attribute("Version")?.Value;
}
