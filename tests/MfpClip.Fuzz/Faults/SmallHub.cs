using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace MfpClip.Fuzz.Faults;

/// <summary>A server that gives two revisions of a model as the hub does, with entity tags and parts of files, and slowly enough to be interrupted.</summary>
internal static class SmallHub
{
    /// <summary>What is fetched: a model of several files.</summary>
    public const string Model = "TinyCLIP-ViT-8M-16";

    private const int WeightBytes = 3_000_000, OtherBytes = 100_000, Piece = 100_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly Lazy<string> Address = new(Listen);

    /// <summary>Its address; it runs as long as this process.</summary>
    public static string Start() => Address.Value;

    /// <summary>Options that name a revision and what its weights must be.</summary>
    public static string[] Pins(string revision) => ["--revision", revision, "--sha256", Hash(Content(revision, "model.safetensors"))];

    /// <summary>The bytes of a file.</summary>
    public static byte[] Content(string revision, string name)
    {
        byte[] bytes = new byte[name.EndsWith(".safetensors", StringComparison.Ordinal) ? WeightBytes : OtherBytes];
        new Random(revision[0]).NextBytes(bytes);
        return name.EndsWith(".json", StringComparison.Ordinal) ? Encoding.ASCII.GetBytes($"\"{Convert.ToHexString(bytes)}\"") : bytes;
    }

    private static string Listen()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        string address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        free.Stop();
        var listener = new HttpListener { Prefixes = { address } };
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
        });
        return address;
    }

    private static async Task AnswerAsync(HttpListenerContext context)
    {
        string[] path = context.Request.Url!.AbsolutePath.Split('/'); // /organisation/repository/resolve/revision/file
        byte[] content = Content(path[^2], path[^1]);
        string tag = $"\"{Hash(content)}\"";
        var (request, response) = (context.Request, context.Response);
        try
        {
            int from = 0;
            if (request.Headers["Range"] is { } range && (request.Headers["If-Range"] is not { } known || known == tag))
            {
                from = int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
                response.StatusCode = from < content.Length ? 206 : 416;
                response.Headers["Content-Range"] = from < content.Length ? $"bytes {from}-{content.Length - 1}/{content.Length}" : $"bytes */{content.Length}";
            }

            response.Headers["ETag"] = tag;
            response.ContentLength64 = Math.Max(content.Length - from, 0);
            for (int at = from; at < content.Length; at += Piece)
            {
                await response.OutputStream.WriteAsync(content.AsMemory(at, Math.Min(Piece, content.Length - at)));
                await Task.Delay(Pause);
            }

            response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or InvalidOperationException)
        {
            response.Abort(); // the client was killed
        }
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
