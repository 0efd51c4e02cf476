using NATS.Client.Core;

namespace MfpClip.Distributed;

/// <summary>A NATS server with JetStream and what is stored there. One prefix is one plant: its work, results and reasons.</summary>
public sealed record NatsWorkOptions
{
    private const int LongestPrefix = 32;

    /// <summary>Servers, comma-separated: <c>nats://</c> or <c>tls://</c>.</summary>
    /// <value>Default nats://localhost:4222.</value>
    public string Url { get; init; } = "nats://localhost:4222";

    /// <summary>File of credentials as the <c>nsc</c> tool writes them (.creds); <see langword="null"/>: none.</summary>
    public string? CredentialsFile { get; init; }

    /// <summary>Last word on the client's own options: TLS, tokens, NKeys, time-outs.</summary>
    public Func<NatsOpts, NatsOpts>? Configure { get; init; }

    /// <summary>What the names of streams, bucket and subjects begin with: letters, digits, '-' and '_'.</summary>
    /// <value>Default "mfpclip".</value>
    public string Prefix { get; init; } = "mfpclip";

    /// <summary>Time in which a delivery has to be answered or reported to be in work; work of a worker that died is delivered again after it.</summary>
    /// <value>Default 30 seconds, at least 1.</value>
    public TimeSpan AckWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Deliveries of all workers together that may be open.</summary>
    /// <value>Default 10,000.</value>
    public int MaximumAckPending { get; init; } = 10_000;

    /// <summary>How long the server drops a second message for the same place of a job; later ones are dropped by their result.</summary>
    /// <value>Default 10 minutes.</value>
    public TimeSpan DuplicateWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long work, results and reasons are kept, done or not.</summary>
    /// <value>Default <see langword="null"/>: until they are removed, for work that nobody has done must not end silently.</value>
    public TimeSpan? KeepFor { get; init; }

    /// <summary>Servers of a cluster that hold a copy, 1 to 5.</summary>
    /// <value>Default 1.</value>
    public int Replicas { get; init; } = 1;

    /// <summary>How long a call tries to reach the server before it fails, in particular while that is restarted.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is wrong with the options, as text; empty where nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        string[] servers = (Url ?? string.Empty).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Check(servers.Length == 0 || servers.Any(s => !Uri.TryCreate(s, UriKind.Absolute, out var uri) || uri.Scheme is not ("nats" or "tls" or "ws" or "wss")),
            "Url names no server: nats://HOST:4222 or tls://HOST:4222");
        Check(CredentialsFile is { } file && !File.Exists(file), $"there is no file '{CredentialsFile}' (CredentialsFile)");
        Check(Prefix is not { Length: > 0 and <= LongestPrefix } || !WorkItem.IsJob(Prefix),
            $"Prefix is '{Prefix}'; it has 1 to {LongestPrefix} letters, digits, '-' and '_'");
        Check(AckWait < TimeSpan.FromSeconds(1), $"AckWait is {AckWait}; it is at least a second");
        Check(MaximumAckPending < 1, $"MaximumAckPending is {MaximumAckPending}; it is at least 1");
        Check(DuplicateWindow <= TimeSpan.Zero, $"DuplicateWindow is {DuplicateWindow}; it is above 0");
        Check(KeepFor is { } keep && keep < DuplicateWindow, $"KeepFor is {KeepFor}, shorter than DuplicateWindow {DuplicateWindow}");
        Check(Replicas is < 1 or > 5, $"Replicas is {Replicas}; it is 1 to 5");
        Check(Timeout <= TimeSpan.Zero, $"Timeout is {Timeout}; it is above 0");
        return faults;

        void Check(bool wrong, string fault)
        {
            if (wrong)
            {
                faults.Add(fault);
            }
        }
    }

    /// <summary>The servers without user names, passwords and tokens.</summary>
    internal string SafeUrl => string.Join(", ", Url.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(s => Uri.TryCreate(s, UriKind.Absolute, out var uri) ? $"{uri.Scheme}://{uri.Host}{(uri.Port > 0 ? $":{uri.Port}" : string.Empty)}" : "?"));

    internal NatsOpts ToClient()
    {
        var options = NatsOpts.Default with
        {
            Url = Url, Name = "mfpclip", RetryOnInitialConnect = false, MaxReconnectRetry = -1, ReconnectWaitMax = TimeSpan.FromSeconds(2),
            AuthOpts = CredentialsFile is null ? NatsAuthOpts.Default : NatsAuthOpts.Default with { CredsFile = CredentialsFile },
        };
        return Configure?.Invoke(options) ?? options;
    }
}
