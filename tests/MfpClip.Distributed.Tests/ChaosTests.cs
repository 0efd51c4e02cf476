using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace MfpClip.Distributed.Tests;

/// <summary>
/// Worker processes over a real server while everything fails that can. MFPCLIP_CHAOS_IMAGES sets the number of images; 10,000 is what the release is held to.
/// </summary>
[Collection(NatsCollection.Name)]
public sealed class ChaosTests(NatsServer server, ITestOutputHelper output) : IDisposable
{
    private const int Workers = 4, AckWaitMilliseconds = 2000, SlowMilliseconds = 5000;
    private readonly Photos _photos = new();
    private readonly List<Process> _processes = [];

    private static int Images => int.TryParse(Environment.GetEnvironmentVariable("MFPCLIP_CHAOS_IMAGES"), out int n) ? n : 1200;

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }

            process.Dispose();
        }

        _photos.Dispose();
    }

    [SkippableFact]
    public async Task Every_image_has_one_result_while_workers_are_killed_and_the_server_restarts()
    {
        server.SkipIfAbsent();
        var options = server.Options(TimeSpan.FromMilliseconds(AckWaitMilliseconds));
        await using var work = await NatsWork.ConnectAsync(options);
        var poison = Enumerable.Range(0, Images).Where(i => i % 97 == 13).ToHashSet();
        int slow = Images / 3;
        var items = new List<WorkItem>();
        for (int i = 0; i < Images; i++)
        {
            var photo = poison.Contains(i) ? _photos.WriteBytes($"{i:D5}.png", BitConverter.GetBytes(i)) : _photos.Write(i, slow: i == slow);
            items.Add(Photos.Item(photo, i));
        }

        // Some wait when the workers start, so that all are at work when the first is killed.
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Images / 2; i++)
        {
            Assert.True(await work.SubmitAsync(items[i]));
        }

        Process[] workers = [.. Enumerable.Range(0, Workers).Select(_ => Start(options))];

        // The rest is submitted while workers run, every seventh twice; the server is killed and started in the middle.
        bool restarted = false;
        int kills = 0;
        using var end = new CancellationTokenSource();
        var killing = Task.Run(async () =>
        {
            var random = new Random(24);
            while (await Task.WhenAny(Task.Delay(2000, end.Token)) is { IsCanceled: false })
            {
                // One that works, however long a start takes on a busy machine.
                int victim = random.Next(Workers);
                Assert.Equal("ready", await workers[victim].StandardOutput.ReadLineAsync());
                workers[victim].Kill(); // SIGKILL
                workers[victim].WaitForExit();
                workers[victim] = Start(options);
                kills++;
            }
        });
        for (int i = 0; i < Images; i++)
        {
            Assert.Equal(i >= Images / 2, await work.SubmitAsync(items[i]));
            if (i % 7 == 0)
            {
                Assert.False(await work.SubmitAsync(items[i]));
            }

            if (!restarted && i >= Images * 3 / 4)
            {
                server.Restart(TimeSpan.FromSeconds(1.5));
                restarted = true;
            }
        }

        // Until all is answered, as the job's own reader sees it.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4) + TimeSpan.FromMilliseconds(30 * Images));
        var outcomes = await DetectionJob.CollectAsync(work, work.ReadJobAsync(Photos.Detector, "job", limit.Token), wait: true, limit.Token)
            .ToListAsync(limit.Token);
        await end.CancelAsync();
        await killing;
        await WaitUntilAnswered(work, limit.Token);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        string[] lasts = [.. workers.Select(Terminate)];

        Assert.Equal(Enumerable.Range(0, Images).Select(i => (long)i), outcomes.Select(o => o.Item.Index)); // none lost, none twice, in order
        Assert.All(outcomes, o =>
        {
            int i = (int)o.Item.Index;
            if (poison.Contains(i))
            {
                Assert.Null(o.Result);
                Assert.Equal((DeadCause.Unreadable, items[i].Image), (o.Dead!.Cause, o.Dead.Item!.Image));
            }
            else
            {
                Assert.Null(o.Dead);
                Assert.Equal(Photos.Score(i), o.Result!.Result.Score, 1e-5);
            }
        });
        var keys = await work.ReadKeysAsync().ToListAsync();
        Assert.Equal(items.Where((_, i) => !poison.Contains(i)).Select(i => i.Key).Order(), keys.Order());
        Assert.Equal(poison.Select(i => items[i].Id).Order(), (await work.ReadAllDeadAsync().ToListAsync()).Select(d => d.Id).Order());
        int redelivered = outcomes.Count(o => o.Result?.Attempt > 1);
        Assert.True(kills >= 2 && redelivered > 0, $"{kills} workers were killed, {redelivered} results are of a second delivery.");
        Assert.All(lasts, l => Assert.Contains("held 0", l, StringComparison.Ordinal));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Images} images, {poison.Count} dead, {kills} kills, {redelivered} of a later delivery, {seconds:F1} s"));
    }

    [SkippableFact]
    public async Task A_worker_that_is_terminated_ends_after_its_work_in_hand()
    {
        server.SkipIfAbsent();
        var options = server.Options(TimeSpan.FromSeconds(30));
        await using var work = await NatsWork.ConnectAsync(options);
        for (int i = 0; i < 8; i++)
        {
            await work.SubmitAsync(Photos.Item(_photos.Write(i, slow: i == 2), i));
        }

        var worker = Start(options);
        await Until(async () => (await work.GetStatusAsync()).Detectors is [{ Pending: 0, AckPending: > 0 }]);
        string last = Terminate(worker);

        Assert.Equal(0, worker.ExitCode);
        Assert.Contains("completed 8", last, StringComparison.Ordinal);
        var status = await work.GetStatusAsync();
        Assert.Equal((8, 0, 0), (status.Results, status.Detectors[0].AckPending, status.Detectors[0].Pending));
    }

    private Process Start(NatsWorkOptions options)
    {
        string assembly = typeof(ChaosTests).Assembly.Location;
        string[] arguments =
        [
            "exec", assembly, options.Url, options.Prefix, $"{(int)options.AckWait.TotalMilliseconds}", $"{SlowMilliseconds}", _photos.Folder,
        ];
        var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        lock (_processes)
        {
            _processes.Add(process);
        }

        return process;
    }

    // Its last line.
    private static string Terminate(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        kill.WaitForExit();
        string text = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)), "The worker does not end.");
        return text.Trim().Split('\n')[^1];
    }

    private static Task WaitUntilAnswered(NatsWork work, CancellationToken limit) => Until(
        async () => (await work.GetStatusAsync(limit)).Detectors is [{ Pending: 0, AckPending: 0 }]);

    private static async Task Until(Func<Task<bool>> condition)
    {
        for (var start = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(20))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(2), "It did not come.");
        }
    }
}
