using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MfpClip.Tests.Models;

/// <summary>An HTTP server on the loopback that misbehaves as told. One request a connection.</summary>
internal sealed class FlakyServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public FlakyServer()
    {
        _listener.Start();
        _ = Task.Run(ServeAsync);
    }

    /// <summary>
    /// Answers a request: gets its number (from 0) and the first byte asked for; returns raw bytes to send, after which the connection closes.
    /// </summary>
    public Func<int, long, byte[]> Answer { get; set; } = (_, _) => Status(404);

    /// <summary>Wait before the connection closes.</summary>
    public TimeSpan Linger { get; set; }

    public List<long> Starts { get; } = [];

    /// <summary>The text of every request: its line and its headers.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Answers by the whole request instead; null from it: <see cref="Answer"/> does.</summary>
    public Func<string, long, byte[]?> AnswerTo { get; set; } = (_, _) => null;

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public static byte[] Status(int code) => Encoding.ASCII.GetBytes($"HTTP/1.1 {code} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    public static byte[] Body(byte[] body, long declared, long from = 0, string extra = "") =>
    [
        .. Encoding.ASCII.GetBytes($"HTTP/1.1 {(from > 0 ? "206 Partial" : "200 OK")}\r\nContent-Length: {declared}\r\n"
            + (from > 0 ? $"Content-Range: bytes {from}-{from + declared - 1}/{from + declared}\r\n" : string.Empty) + extra + "Connection: close\r\n\r\n"),
        .. body,
    ];

    public static byte[] Redirect(Uri to, string extra) =>
        Encoding.ASCII.GetBytes($"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n{extra}Connection: close\r\n\r\n");

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptTcpClientAsync(_stop.Token);
                var stream = socket.GetStream();
                var text = new StringBuilder();
                var buffer = new byte[4096];
                while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    int read = await stream.ReadAsync(buffer, _stop.Token);
                    if (read == 0)
                    {
                        break;
                    }

                    text.Append(Encoding.ASCII.GetString(buffer, 0, read));
                }

                string? range = text.ToString().Split("\r\n").FirstOrDefault(l => l.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase));
                long from = range is null ? 0 : long.Parse(range["Range: bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
                Starts.Add(from);
                Requests.Add(text.ToString());
                await stream.WriteAsync(AnswerTo(Requests[^1], from) ?? Answer(Starts.Count - 1, from), _stop.Token);
                await stream.FlushAsync(_stop.Token);
                await Task.Delay(Linger, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
