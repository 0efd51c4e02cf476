namespace MfpClip.Distributed.Tests;

[Collection(NatsCollection.Name)]
public sealed class NatsContractTests(NatsServer server) : WorkContract, IAsyncLifetime
{
    private readonly List<NatsWork> _open = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var work in _open)
        {
            await work.DisposeAsync();
        }
    }

    protected override async Task<Engine> CreateAsync(TimeSpan ackWait)
    {
        server.SkipIfAbsent();
        var work = await NatsWork.ConnectAsync(server.Options(ackWait));
        _open.Add(work);
        return new(work, work, work);
    }

    protected override Task SubmitMalformedAsync(Engine engine, DetectorFingerprint detector) =>
        ((NatsWork)engine.Queue).PublishAsync(detector, "job", "x", "no JSON"u8.ToArray());
}
