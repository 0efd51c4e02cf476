using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace MfpClip.Distributed.Tests;

[CollectionDefinition(Name)]
public sealed class NatsCollection : ICollectionFixture<NatsServer>
{
    public const string Name = "NATS server";
}

/// <summary>A real nats-server on a free port with a folder of its own; absent where the program is not installed.</summary>
public sealed class NatsServer : IDisposable
{
    private static readonly string? Program = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .Concat(["/usr/sbin", "/usr/local/bin"]).Where(p => p.Length > 0)
        .Select(p => Path.Combine(p, OperatingSystem.IsWindows() ? "nats-server.exe" : "nats-server")).FirstOrDefault(File.Exists);

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-nats-").FullName;
    private readonly int _port = FreePort();
    private readonly string _scheme = "nats";
    private Process? _process;
    private int _prefixes;

    public NatsServer() => Start();

    /// <summary>A server with TLS that asks for credentials.</summary>
    internal NatsServer(NatsSecurity security)
    {
        _scheme = "tls";
        File.WriteAllText(Configuration, security.ServerConfiguration);
        Start();
    }

    public string Url => $"{_scheme}://127.0.0.1:{_port}";

    private string Configuration => Path.Combine(_folder, "server.conf");

    public static bool IsInstalled => Program is not null;

    public static void SkipIfNotInstalled() => Skip.If(Program is null, "There is no nats-server on this machine: apt-get install nats-server.");

    public void SkipIfAbsent() => SkipIfNotInstalled();

    /// <summary>Options of an engine that nobody has used.</summary>
    public NatsWorkOptions Options(TimeSpan? ackWait = null) => new()
    {
        Url = Url, Prefix = $"test-{Environment.ProcessId}-{Interlocked.Increment(ref _prefixes)}", AckWait = ackWait ?? TimeSpan.FromSeconds(30),
    };

    /// <summary>Kills the server and starts it again on what it had stored.</summary>
    public void Restart(TimeSpan down)
    {
        Stop();
        Thread.Sleep(down);
        Start();
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private void Start()
    {
        if (Program is null)
        {
            return;
        }

        _process = Process.Start(new ProcessStartInfo(Program,
            ["-js", "-sd", _folder, "-a", "127.0.0.1", "-p", $"{_port}", .. File.Exists(Configuration) ? new[] { "-c", Configuration } : []])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        var said = new System.Collections.Concurrent.ConcurrentQueue<string?>();
        _process.ErrorDataReceived += (_, e) => said.Enqueue(e.Data);
        _process.OutputDataReceived += (_, e) => said.Enqueue(e.Data);
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        for (var start = Stopwatch.GetTimestamp(); !Answers(); Thread.Sleep(20))
        {
            if (_process.HasExited)
            {
                _process.WaitForExit(); // what it said has come
            }

            Assert.False(_process.HasExited, $"nats-server ended: {string.Join('\n', said)}");
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "nats-server does not answer.");
        }
    }

    private void Stop()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        _process = null;
    }

    private bool Answers()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", _port);
            return client.Connected;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
