using System.Diagnostics;
using System.Text.Json;

namespace MfpClip.Web.Tests;

/// <summary>Drives the page with Chromium through playwright-core, where node, its packages and a Chromium are here.</summary>
internal static class Browser
{
    private static readonly string Folder = Path.Combine(Photos.Repository, "tests", "MfpClip.Web.Tests", "Browser");

    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>Skips the test where something is not here; on CI that is a failure, for there it must be.</summary>
    public static void Require()
    {
        string? absent = Find("node") is null ? "node is not installed"
            : !Directory.Exists(Path.Combine(Folder, "node_modules", "playwright-core"))
                ? "playwright-core is not installed: run 'npm ci' in tests/MfpClip.Web.Tests/Browser"
            : Chromium is null ? $"there is no Chromium ({string.Join(", ", Programs)})" : null;
        Assert.False(absent is not null && Environment.GetEnvironmentVariable("CI") == "true", $"On CI the browser is required, but {absent}.");
        Skip.If(absent is not null, $"The page is not driven: {absent}.");
    }

    /// <summary>Runs the script; what it saw, with screenshots in the folder.</summary>
    public static async Task<JsonElement> DriveAsync(Uri address, string folder, object job, string script = "drive.mjs")
    {
        string jobFile = Path.Combine(folder, "job.json");
        await File.WriteAllTextAsync(jobFile, JsonSerializer.Serialize(job, new JsonSerializerOptions(JsonSerializerDefaults.Web)));
        var start = new ProcessStartInfo(Find("node")!) { WorkingDirectory = Folder, RedirectStandardError = true };
        foreach (string argument in new[] { Path.Combine(Folder, script), address.ToString(), Chromium!, folder, jobFile })
        {
            start.ArgumentList.Add(argument);
        }

        using var node = Process.Start(start)!;
        string error = await node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, error);
        Assert.True(File.Exists(Path.Combine(folder, "seen.json")), error);
        return JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "seen.json"))).RootElement;
    }

    private static string? Chromium => Programs.Select(Find).FirstOrDefault(p => p is not null);

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .Select(p => Path.Combine(p, OperatingSystem.IsWindows() ? $"{program}.exe" : program)).FirstOrDefault(File.Exists);
}
