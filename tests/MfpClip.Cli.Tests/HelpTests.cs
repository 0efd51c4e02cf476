using System.CommandLine;
using MfpClip.Cli.Commands;

namespace MfpClip.Cli.Tests;

public class HelpTests
{
    public static TheoryData<string> Commands
    {
        get
        {
            var data = new TheoryData<string>();
            Add(CommandTree.Create().Root, []);
            return data;

            void Add(Command command, string[] path)
            {
                data.Add(string.Join(' ', path));
                foreach (var part in command.Subcommands)
                {
                    Add(part, [.. path, part.Name]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_help_of_a_command_needs_nothing_that_the_command_requires(string command)
    {
        var parsed = CommandTree.Create().Root.Parse([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        using var written = new StringWriter();

        int code = parsed.Invoke(new() { Output = written });

        Assert.Empty(parsed.Errors);
        Assert.Equal(0, code);
        Assert.Contains("Usage:", written.ToString(), StringComparison.Ordinal);
        Assert.Contains("Exit codes", written.ToString(), StringComparison.OrdinalIgnoreCase);
    }
}
