using System.CommandLine;
using System.Text.Json;

namespace MfpClip.Cli;

/// <summary>Errors for people: one line on the error stream, and an exit code (<see cref="ExitCode"/>).</summary>
internal static class Failure
{
    private const string DebugVariable = "MFPCLIP_DEBUG";

    /// <summary>Sets a command's action so that every expected error ends in one line.</summary>
    public static void Run(Command command, Option<bool> json, Func<ParseResult, CancellationToken, Task<int>> action) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            bool asJson = parsed.GetValue(json);
            try
            {
                int code = await action(parsed, cancellationToken);
                return code == ExitCode.Success && ImageFiles.AnyFault ? ExitCode.SomeFailed : code;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return Report("Cancelled.", asJson, ExitCode.Cancelled);
            }
            catch (Exception e) when (e is ArgumentException or DetectorConfigurationException or DetectionOptionsException)
            {
                return Report(e.Message, asJson, ExitCode.BadOptions);
            }
            catch (Exception e) when (e is MfpClipException or IOException or UnauthorizedAccessException or HttpRequestException)
            {
                return Report(e.Message, asJson);
            }
            catch (Exception e) when (Environment.GetEnvironmentVariable(DebugVariable) is null)
            {
                return Report($"unexpected {e.GetType().Name}: {e.Message.TrimEnd('.')}. Set {DebugVariable}=1 for the whole trace, and report it.", asJson);
            }
        });

    /// <summary>Prints the line.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(string message, bool json, int code = ExitCode.Error)
    {
        string line = message.ReplaceLineEndings(" ");
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new { error = line, exit_code = code }, CliJson.Options));
        }

        Tell(line);
        return code;
    }

    /// <summary>One line for people on the error stream.</summary>
    public static void Tell(string message) => Console.Error.WriteLine($"error: {message.ReplaceLineEndings(" ")}");
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
