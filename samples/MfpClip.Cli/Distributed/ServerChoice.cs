using System.CommandLine;
using MfpClip.Distributed;

namespace MfpClip.Cli.Distributed;

/// <summary>The options that say which NATS server is meant, shared by the commands.</summary>
internal sealed class ServerChoice
{
    private const string Variable = "MFPCLIP_NATS";

    private readonly Option<string?> _credentials = new("--nats-creds") { Description = "File of credentials for the server (.creds of nsc)." };
    private readonly Option<string?> _authority = new("--nats-ca") { Description = "Certificate authority of the server (PEM), for tls:// addresses." };
    private readonly Option<string> _prefix = new("--nats-prefix")
    {
        Description = "What the names of streams and bucket begin with: one plant is one prefix.", DefaultValueFactory = _ => "mfpclip",
    };
    private readonly Option<double> _ackWait = new("--ack-wait")
    {
        Description = "Seconds after which the work of a worker that died is delivered to another one.", DefaultValueFactory = _ => 30,
    };

    /// <summary>The server's address.</summary>
    public Option<string?> Url { get; } = new("--nats")
    {
        Description = $"The NATS server: nats://HOST:4222 or tls://HOST:4222. Default: what {Variable} holds, which keeps passwords out of the list of "
            + "processes.",
    };

    public void AddTo(Command command, bool worker = false)
    {
        foreach (Option option in new Option[] { Url, _credentials, _authority, _prefix })
        {
            command.Options.Add(option);
        }

        if (worker)
        {
            command.Options.Add(_ackWait);
        }
    }

    /// <summary>Whether a server is named.</summary>
    public bool IsNamed(ParseResult parsed) => Address(parsed) is not null;

    /// <summary>Connects.</summary>
    /// <exception cref="WorkException">The server cannot be reached.</exception>
    public async Task<NatsWork> ConnectAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string url = Address(parsed) ?? throw new ArgumentException($"Name the server with {Url.Name}, or in {Variable}.");
        string? authority = parsed.GetValue(_authority);
        double seconds = parsed.GetValue(_ackWait) is var given and > 0 ? given : 30;
        return await NatsWork.ConnectAsync(
            new()
            {
                Url = url, CredentialsFile = parsed.GetValue(_credentials), Prefix = parsed.GetValue(_prefix)!, AckWait = TimeSpan.FromSeconds(seconds),
                Configure = authority is null ? null : o => o with { TlsOpts = o.TlsOpts with { CaFile = authority } },
            },
            cancellationToken);
    }

    private string? Address(ParseResult parsed) =>
        parsed.GetValue(Url) ?? (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable ? variable : null);
}
