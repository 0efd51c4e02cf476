using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using MfpClip.Cli.Commands;

namespace MfpClip.Distributed.Tests;

/// <summary>The default model through the command line: what is collected is what <c>detect</c> writes.</summary>
[Collection(NatsCollection.Name)]
public sealed class CommandTests(NatsServer server) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-cli-").FullName;

    private string Photos => Path.Combine(_folder, "photos");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void In_one_process_the_results_are_those_of_detect()
    {
        Write();
        string detected = Path.Combine(_folder, "a"), submitted = Path.Combine(_folder, "b");
        Assert.Equal(3, Run("detect", Photos, "--out", detected, "--class", "part").Code);

        var (code, output, errors) = Run("submit", Photos, "--out", submitted, "--class", "part", "--json");

        Assert.True(code == 3, errors); // the photo that is none
        Same(detected, submitted);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(3, json.RootElement.GetProperty("results").GetArrayLength());
        Assert.Contains("broken.png", json.RootElement.GetProperty("failures")[0].GetString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Over_a_server_and_a_worker_process_the_results_are_those_of_detect()
    {
        server.SkipIfAbsent();
        Write();
        string detected = Path.Combine(_folder, "a"), collected = Path.Combine(_folder, "c");
        string[] nats = ["--nats", server.Url, "--nats-prefix", server.Options().Prefix];
        Assert.Equal(3, Run("detect", Photos, "--out", detected, "--class", "part").Code);
        string list = Path.Combine(_folder, "list.txt");
        File.WriteAllLines(list, Directory.GetFiles(Photos).Order(StringComparer.Ordinal));

        var submit = Run(["submit", list, "--class", "part", "--job", "one", .. nats]);
        Assert.True(submit.Code == 0, submit.Errors);
        Assert.Contains("4 images submitted", submit.Output, StringComparison.Ordinal);
        Assert.Contains("no worker", submit.Output, StringComparison.Ordinal);
        Assert.Contains("4 of 4 images have no result yet", Run(["collect", "--out", collected, .. nats]).Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(collected));
        using var worker = Start(["worker", "--root", Photos, .. nats]);
        var collect = Run(["collect", "--wait", "--out", collected, .. nats]);
        Process.Start("kill", ["-TERM", $"{worker.Id}"]).WaitForExit();
        string said = worker.StandardOutput.ReadToEnd();
        worker.WaitForExit();

        Assert.True(collect.Code == 3, collect.Errors);
        Assert.Contains("broken.png", collect.Errors, StringComparison.Ordinal);
        Assert.Equal(0, worker.ExitCode);
        Assert.Contains("Ended: 3 results, 0 that were there already, 0 put back, 1 given up.", said, StringComparison.Ordinal);
        Same(detected, collected);
        string status = Run(["status", .. nats]).Output;
        Assert.Contains("3 results, 1 given up", status, StringComparison.Ordinal);
        Assert.Contains("broken.png", status, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_stopped_worker_process_ends_in_order_however_long_what_it_has_takes()
    {
        server.SkipIfAbsent();
        Directory.CreateDirectory(Photos);
        for (int i = 0; i < 200; i++)
        {
            File.WriteAllBytes(Path.Combine(Photos, $"{i}.png"), Distributed.Tests.Photos.Png(i));
        }

        string[] nats = ["--nats", server.Url, "--nats-prefix", server.Options().Prefix];
        Assert.Equal(0, Run(["submit", Photos, "--class", "part", "--job", "one", .. nats]).Code);
        using var worker = Start(["worker", "--root", Photos, "--held", "100", "--attempts", "1", .. nats]);
        for (var start = Stopwatch.GetTimestamp(); Status().GetProperty("results").GetInt32() == 0; Thread.Sleep(100)) // asks a server
        {
            Assert.False(worker.HasExited, "The worker ended before it had a result.");
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(2), "The worker gives no result.");
        }

        Process.Start("kill", ["-TERM", $"{worker.Id}"]).WaitForExit();
        string said = worker.StandardOutput.ReadToEnd();
        worker.WaitForExit();

        Assert.Equal(0, worker.ExitCode);
        var status = Status();
        var detector = Assert.Single(status.GetProperty("detectors").EnumerateArray());
        int results = status.GetProperty("results").GetInt32();
        Assert.Contains($"Ended: {results} results", said, StringComparison.Ordinal);
        Assert.InRange(results, 100, 199); // what was in hand, and no more was taken
        Assert.Equal((200 - results, 0), (detector.GetProperty("pending").GetInt32(), detector.GetProperty("ack_pending").GetInt32()));

        JsonElement Status() => JsonDocument.Parse(Run(["status", "--json", .. nats]).Output).RootElement;
    }

    [Fact]
    public async Task Metrics_and_traces_go_to_the_collector_that_the_environment_names()
    {
        Write();
        using var collector = new HttpListener();
        string address = $"http://127.0.0.1:{NatsServer.FreePort()}/";
        collector.Prefixes.Add(address);
        collector.Start();
        var received = new ConcurrentDictionary<string, string>();
        var listening = Task.Run(async () =>
        {
            while (received.Count < 2)
            {
                var context = await collector.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                received.AddOrUpdate(context.Request.Url!.AbsolutePath, Text(), (_, before) => before + Text());
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();

                string Text() => System.Text.Encoding.Latin1.GetString(body.ToArray());
            }
        });
        using var submit = StartWith(
            new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_SERVICE_NAME"] = "line-3" },
            "submit", Photos, "--out", Path.Combine(_folder, "o"));
        await submit.StandardOutput.ReadToEndAsync();
        await submit.WaitForExitAsync();
        await listening.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(3, submit.ExitCode);
        foreach (string said in new[] { "line-3", "mfpclip.work.images", "mfpclip.work.stage.duration", "mfpclip.work.dead" })
        {
            Assert.Contains(said, received["/v1/metrics"], StringComparison.Ordinal);
        }

        foreach (string span in new[] { "line-3", "submit", "fetch", "detect" })
        {
            Assert.Contains(span, received["/v1/traces"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_worker_that_may_read_nothing_and_a_server_that_is_absent_are_refused_in_one_line()
    {
        var worker = Run("worker", "--nats", "nats://127.0.0.1:1");
        Assert.Equal(2, worker.Code);
        Assert.Contains("--root", worker.Errors, StringComparison.Ordinal);
        Assert.Equal(2, Run("status").Code);
        Assert.Equal(2, Run("submit", "x.png", "--nats", "nats://127.0.0.1:1", "--out", _folder).Code);
    }

    // Everything but times, and the overlay but for what the reduced map rounds.
    private static void Same(string expected, string actual)
    {
        Assert.Equal(Table(expected), Table(actual));
        using var a = JsonDocument.Parse(File.ReadAllText(Path.Combine(expected, "results.json")));
        using var b = JsonDocument.Parse(File.ReadAllText(Path.Combine(actual, "results.json")));
        Assert.Equal(Regions(a), Regions(b));
        Assert.Equal(
            Directory.GetFiles(expected).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Directory.GetFiles(actual).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(File.Exists(Path.Combine(actual, "report.html")));
        foreach (string overlay in Directory.GetFiles(expected, "*.overlay.png"))
        {
            var (x, y) = (Pixels(overlay), Pixels(Path.Combine(actual, Path.GetFileName(overlay))));
            Assert.Equal((x.Width, x.Height), (y.Width, y.Height));
            Assert.InRange(x.Data.Zip(y.Data).Average(p => Math.Abs(p.First - p.Second)), 0, 6);
        }

        static string[] Table(string folder) =>
        [
            .. File.ReadAllLines(Path.Combine(folder, "results.csv")).Select(l => string.Join(',', l.Split(',')[..7])),
        ];

        static string[] Regions(JsonDocument json) =>
        [
            .. json.RootElement.GetProperty("results").EnumerateArray()
                .Select(i => i.TryGetProperty("result", out var r) && r.ValueKind == JsonValueKind.Object ? r.GetProperty("regions").GetRawText() : "none"),
        ];
    }

    private static RgbImage Pixels(string file) => new Imaging.SkiaImageDecoder().Decode(File.ReadAllBytes(file), file, new());

    private void Write()
    {
        Directory.CreateDirectory(Photos);
        foreach (string sample in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "images"), "*.png").Order(StringComparer.Ordinal).Take(3))
        {
            File.Copy(sample, Path.Combine(Photos, Path.GetFileName(sample)));
        }

        File.WriteAllText(Path.Combine(Photos, "broken.png"), "no image");
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    private static Process Start(params string[] arguments) => StartWith([], arguments);

    private static Process StartWith(Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(WorkerCommand).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["MFPCLIP_NATS"] = null },
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
