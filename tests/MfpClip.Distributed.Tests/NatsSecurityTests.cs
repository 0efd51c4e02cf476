namespace MfpClip.Distributed.Tests;

/// <summary>A server with TLS and credentials: with the rights that docs/scale-out.md names a worker works, without them nobody does.</summary>
public sealed class NatsSecurityTests : IDisposable
{
    private readonly NatsSecurity _security = new();
    private readonly Photos _photos = new();
    private readonly NatsServer? _server;

    public NatsSecurityTests() => _server = NatsServer.IsInstalled ? new(_security) : null;

    public void Dispose()
    {
        _server?.Dispose();
        _security.Dispose();
        _photos.Dispose();
    }

    [SkippableFact]
    public async Task A_worker_with_the_rights_of_the_documentation_works_over_tls()
    {
        NatsServer.SkipIfNotInstalled();
        string everything = _security.Credentials("admin");
        string rights = _security.Credentials(
            "worker", ["$JS.API.>", "$JS.ACK.>", "mfpclip.dead.>", "$KV.mfpclip-results.>"], ["_INBOX.>"]);
        await using var admin = await NatsWork.ConnectAsync(Options(everything));
        await using var limited = await NatsWork.ConnectAsync(Options(rights) with { Timeout = TimeSpan.FromSeconds(3) });
        var good = Photos.Item(_photos.Write(1), 0);
        var bad = Photos.Item(_photos.WriteBytes("bad.png", [1, 2, 3]), 1);
        Assert.True(await admin.SubmitAsync(good));
        Assert.True(await admin.SubmitAsync(bad));

        using var stop = new CancellationTokenSource();
        var worker = new DetectionWorker(
            new BrightnessDetector(), limited, limited, new ImageAccessOptions { Roots = [_photos.Folder] }.CreateStores(), WorkerRun.Quick, limited);
        var run = worker.RunAsync(stop.Token);
        var outcomes = await DetectionJob.CollectAsync(admin, new[] { good, bad }.ToAsyncEnumerable(), wait: true).ToListAsync();
        await stop.CancelAsync();
        await run;

        Assert.Equal(Photos.Score(1), outcomes[0].Result!.Result.Score, 1e-6);
        Assert.Equal(DeadCause.Unreadable, outcomes[1].Dead!.Cause);

        // What it needs no right for it has none for.
        await Assert.ThrowsAsync<WorkException>(() => limited.SubmitAsync(Photos.Item(_photos.Write(2), 2)));
    }

    [SkippableFact]
    public async Task Without_credentials_or_the_authority_nobody_gets_in_and_no_secret_is_said()
    {
        NatsServer.SkipIfNotInstalled();
        string rights = _security.Credentials("admin");

        var noRights = await Assert.ThrowsAsync<WorkException>(() => NatsWork.ConnectAsync(Options(null)));
        var noAuthority = await Assert.ThrowsAsync<WorkException>(
            () => NatsWork.ConnectAsync(Options(rights) with { Configure = null }));
        var password = await Assert.ThrowsAsync<WorkException>(
            () => NatsWork.ConnectAsync(Options(null) with { Url = _server!.Url.Replace("tls://", "tls://me:secret-word@", StringComparison.Ordinal) }));

        Assert.Contains("refused (authorization violation)", noRights.Message, StringComparison.Ordinal);
        Assert.Contains("refused (authorization violation)", password.Message, StringComparison.Ordinal);
        Assert.Contains("certificate", noAuthority.Message, StringComparison.Ordinal);
        foreach (var error in new Exception[] { noRights, noAuthority, password })
        {
            Assert.DoesNotContain("secret-word", error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("SEED", error.ToString(), StringComparison.Ordinal);
        }
    }

    private NatsWorkOptions Options(string? credentials) => new()
    {
        Url = _server!.Url, CredentialsFile = credentials, Timeout = TimeSpan.FromSeconds(10),
        Configure = o => o with { TlsOpts = o.TlsOpts with { CaFile = _security.Authority } },
    };
}
