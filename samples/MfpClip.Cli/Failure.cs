using System.CommandLine;
using System.Text.Json;

namespace MfpClip.Cli;

/// <summary>Errors for people: one line on the error stream, exit code 1.</summary>
internal static class Failure
{
    /// <summary>Sets a command's action so that every expected error ends in one line.</summary>
    public static void Run(Command command, Option<bool> json, Func<ParseResult, CancellationToken, Task<int>> action) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                return await action(parsed, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return Report("Cancelled.", parsed.GetValue(json));
            }
            catch (Exception e) when (e is MfpClipException or IOException or UnauthorizedAccessException or ArgumentException or HttpRequestException)
            {
                return Report(e.Message, parsed.GetValue(json));
            }
        });

    /// <summary>Prints the line.</summary>
    public static int Report(string message, bool json)
    {
        string line = message.ReplaceLineEndings(" ");
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new { error = line }, CliJson.Options));
        }

        Console.Error.WriteLine($"error: {line}");
        return 1;
    }
}

/// <summary>How the command line writes JSON.</summary>
internal static class CliJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Print(object value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Options));
}
