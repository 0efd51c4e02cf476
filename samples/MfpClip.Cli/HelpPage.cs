using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace MfpClip.Cli;

/// <summary><c>--help</c> of every command, with the exit codes at its end.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private readonly HelpAction _page = new();

    /// <summary>The option that shows it.</summary>
    public static HelpOption Option() => new() { Action = new HelpPage() };

    /// <summary>What a command requires need not be there to read its help.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = _page.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output.WriteLine(ExitCode.Help);
        return code;
    }
}
