using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using MfpClip.Benchmarks.Classes;
using MfpClip.Distributed;
using MfpClip.Output;

namespace MfpClip.Benchmarks.Distributed;

/// <summary>
/// What distribution costs, as lines of JSON, the last with everything: <c>--work [--nats URL] [--images N]</c>. Photos of 800 x 600 pixels as PNG, the
/// default model, one photo a forward pass everywhere. Each way runs three times in turn with the others; the fastest of each counts, for nothing but other
/// programs makes one slower.
/// </summary>
internal static class WorkRun
{
    public const string Worker = "--work-worker";
    private const int Rounds = 3, Messages = 2000;

    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        int images = int.Parse(Value(args, "--images") ?? "48");
        string? url = Value(args, "--nats");
        string folder = Directory.CreateTempSubdirectory("mfpclip-bench-").FullName;
        try
        {
            Uri[] photos = Photos(folder, images);
            using var detector = TinyBenchmark.Tiny();
            var (times, work) = (new Dictionary<string, List<double>>(), new Dictionary<string, List<double>>());
            await LocalAsync(detector, photos[..4]);
            for (int round = 0; round < Rounds; round++)
            {
                await Time("local", async () =>
                {
                    await LocalAsync(detector, photos);
                    return Task.CompletedTask;
                });
                var memory = new InMemoryWork();
                await Time("memory", async () => await WorkAsync(detector, memory, memory, memory, photos, folder));
                if (url is not null)
                {
                    await using var nats = await NatsWork.ConnectAsync(new() { Url = url, Prefix = NewPrefix() });
                    await Time("nats", async () => await WorkAsync(detector, nats, nats, nats, photos, folder));
                }
            }

            double Best(string way) => times[way].Min() / images;
            double Work(string way) => work[way].Min() / images;
            var report = new Dictionary<string, object>
            {
                ["images"] = images, ["local_ms"] = Ms(Best("local")), ["memory_ms"] = Ms(Best("memory")),
                ["memory_overhead_percent"] = Percent(Best("memory") / Best("local")),
                ["local_cpu_ms"] = Ms(Work("local")), ["memory_cpu_overhead_percent"] = Percent(Work("memory") / Work("local")),
            };
            output.WriteLine(JsonSerializer.Serialize(report));
            if (url is not null)
            {
                report["nats_ms"] = Ms(Best("nats"));
                report["nats_overhead_percent"] = Percent(Best("nats") / Best("local"));
                report["nats_cpu_overhead_percent"] = Percent(Work("nats") / Work("local"));
                await MessagesAsync(url, report);
                output.WriteLine(JsonSerializer.Serialize(report));
                var fingerprint = DetectorFingerprint.Of(detector);
                double one = await ProcessesAsync(url, fingerprint, photos, folder, 1), two = await ProcessesAsync(url, fingerprint, photos, folder, 2);
                (report["one_process_images_s"], report["two_processes_images_s"], report["scaling"]) =
                    (Math.Round(images / one, 2), Math.Round(images / two, 2), Math.Round(one / two, 2));
            }

            output.WriteLine(JsonSerializer.Serialize(report));
            return 0;

            async Task Time(string way, Func<Task<Task>> run)
            {
                // Processor time is that of this process alone, whatever else runs on the machine.
                using var process = Process.GetCurrentProcess();
                var (start, used) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
                var ending = await run();
                Add(times, Stopwatch.GetElapsedTime(start));
                process.Refresh();
                Add(work, process.TotalProcessorTime - used);
                await ending;

                void Add(Dictionary<string, List<double>> to, TimeSpan time) =>
                    (to.TryGetValue(way, out var list) ? list : to[way] = []).Add(time.TotalSeconds);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A worker process on one core, for the scaling.</summary>
    public static async Task<int> WorkAsync(string url, string prefix, string folder)
    {
        using var stop = new CancellationTokenSource();
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s =>
        {
            s.Cancel = true;
            stop.Cancel();
        });
        using var detector = TinyBenchmark.Tiny();
        await LocalAsync(detector, [new(Directory.GetFiles(folder)[0])]);
        await using var work = await NatsWork.ConnectAsync(new() { Url = url, Prefix = prefix });
        Console.WriteLine("ready");
        await new DetectionWorker(detector, work, work, new ImageAccessOptions { Roots = [folder] }.CreateStores(), new() { BatchSize = 1 }, work)
            .RunAsync(stop.Token);
        return 0;
    }

    // As 'detect' does it: photos are decoded ahead.
    private static async Task LocalAsync(ZeroShotDetector detector, Uri[] photos)
    {
        Task<RgbImage>? next = null;
        for (int i = 0; i < photos.Length; i++)
        {
            var pixels = await (next ?? Decode(photos[i]));
            next = i + 1 < photos.Length ? Decode(photos[i + 1]) : null;
            var outcome = detector.DetectEach([ImageInput.FromPixels(pixels, photos[i].LocalPath)])[0];
            _ = outcome.GetResult();
        }

        Task<RgbImage> Decode(Uri photo) => Task.Run(() => detector.Input.Decode(ImageInput.FromFile(photo.LocalPath)));
    }

    // From the submission, with its hashes, to the last result.
    private static async Task<Task> WorkAsync(
        ZeroShotDetector detector, IWorkQueue queue, IWorkSource source, IResultSink results, Uri[] photos, string folder)
    {
        var stores = new ImageAccessOptions { Roots = [folder] }.CreateStores();
        using var stop = new CancellationTokenSource();
        var worker = new DetectionWorker(detector, source, results, stores, new() { BatchSize = 1 });
        var working = worker.RunAsync(stop.Token);
        var items = await SubmitAsync(queue, stores, worker.Detector, photos);
        await foreach (var outcome in DetectionJob.CollectAsync(results, items.ToAsyncEnumerable(), wait: true))
        {
            _ = outcome.Result ?? throw new InvalidOperationException(outcome.Dead?.Reason);
        }

        stop.Cancel();
        return working; // it ends after its open pull, which is not counted
    }

    private static async Task<List<WorkItem>> SubmitAsync(IWorkQueue queue, IReadOnlyList<IImageStore> stores, DetectorFingerprint detector, Uri[] photos)
    {
        var items = new List<WorkItem>();
        await foreach (var submission in DetectionJob.SubmitAsync(queue, new(stores), detector, photos, "object", DetectionJob.NewName()))
        {
            items.Add(submission.Item!);
        }

        return items;
    }

    private static async Task MessagesAsync(string url, Dictionary<string, object> report)
    {
        await using var nats = await NatsWork.ConnectAsync(new() { Url = url, Prefix = NewPrefix() });
        var detector = new DetectorFingerprint { RecipeHash = "r", WeightsHash = "w", CalibrationHash = DetectorFingerprint.NoCalibration };
        WorkItem[] items =
        [
            .. Enumerable.Range(0, Messages).Select(i => new WorkItem
            {
                Image = new($"file:///photos/{i}.png"), ImageSha256 = $"{i:x64}", ClassName = "object", Detector = detector, Job = "bench", Index = i,
            }),
        ];
        long start = Stopwatch.GetTimestamp();
        foreach (var item in items)
        {
            await nats.SubmitAsync(item);
        }

        report["submitted_a_second"] = Rate();
        using var tiny = TinyBenchmark.Tiny();
        var result = tiny.Detect(Workload.Image);
        var map = ReducedMap.Of(result.ImageMap!, 320);
        report["map_bytes"] = map.Data.Length;
        start = Stopwatch.GetTimestamp();
        for (int taken = 0; taken < Messages;)
        {
            await foreach (var delivery in nats.PullAsync(detector, 16, TimeSpan.FromSeconds(1)))
            {
                await nats.CreateAsync(new()
                {
                    Key = delivery.Item!.Key, Result = result, Map = map, Worker = "bench", Started = DateTimeOffset.UtcNow, Completed = DateTimeOffset.UtcNow,
                });
                await delivery.CompleteAsync();
                taken++;
            }
        }

        report["taken_and_written_a_second"] = Rate();

        double Rate() => Math.Round(Messages / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    // Seconds for all photos, of processes that are ready. Server, submission and collection take what the workers leave.
    private static async Task<double> ProcessesAsync(string url, DetectorFingerprint detector, Uri[] photos, string folder, int count)
    {
        string prefix = NewPrefix();
        await using var nats = await NatsWork.ConnectAsync(new() { Url = url, Prefix = prefix });
        // Each on a core of its own where that can be said: decoding and writing of one alone would else take the second core.
        const string Taskset = "/usr/bin/taskset";
        string[] program =
        [
            Environment.ProcessPath!,
            .. Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? new[] { typeof(WorkRun).Assembly.Location } : [],
            Worker, url, prefix, folder,
        ];
        Process[] workers =
        [
            .. Enumerable.Range(0, count).Select(i => (string[])(File.Exists(Taskset) ? [Taskset, "-c", $"{i}", .. program] : program))
                .Select(c => Process.Start(new ProcessStartInfo(c[0], c[1..])
                {
                    RedirectStandardOutput = true, Environment = { ["OMP_NUM_THREADS"] = "1" },
                })!),
        ];
        foreach (var worker in workers)
        {
            _ = await worker.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("A worker process ended.");
        }

        long start = Stopwatch.GetTimestamp();
        var items = await SubmitAsync(nats, new ImageAccessOptions { Roots = [folder] }.CreateStores(), detector, photos);
        _ = await DetectionJob.CollectAsync(nats, items.ToAsyncEnumerable(), wait: true).CountAsync();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var worker in workers)
        {
            worker.Kill();
            await worker.WaitForExitAsync();
            worker.Dispose();
        }

        return seconds;
    }

    private static Uri[] Photos(string folder, int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            byte[] pixels = new byte[800 * 600 * 3];
            for (int p = 0; p < pixels.Length; p++)
            {
                pixels[p] = (byte)(128 + (60 * Math.Sin((p / 3 % 800 / 37.0) + i)) + random.Next(12));
            }

            string path = Path.Combine(folder, $"{i:D4}.png");
            File.WriteAllBytes(path, MapImages.ToPng(new(800, 600, pixels)));
            return new Uri(path);
        })];
    }

    private static string NewPrefix() => $"bench-{Guid.NewGuid():N}"[..24];

    private static string? Value(string[] args, string name) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : null;

    private static double Ms(double seconds) => Math.Round(1000 * seconds, 2);

    private static double Percent(double ratio) => Math.Round(100 * (ratio - 1), 1);
}
