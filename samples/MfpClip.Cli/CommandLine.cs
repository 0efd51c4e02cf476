namespace MfpClip.Cli;

/// <summary>The command as it was typed, for reports that name what makes them.</summary>
internal static class CommandLine
{
    public static string AsTyped() => $"mfpclip {string.Join(' ', Environment.GetCommandLineArgs().Skip(1).Select(Quoted))}";

    private static string Quoted(string argument) => argument.Contains(' ', StringComparison.Ordinal) ? $"\"{argument}\"" : argument;
}
