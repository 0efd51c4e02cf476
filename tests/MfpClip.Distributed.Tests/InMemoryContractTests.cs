namespace MfpClip.Distributed.Tests;

public sealed class InMemoryContractTests : WorkContract
{
    protected override Task<Engine> CreateAsync(TimeSpan ackWait)
    {
        var work = new InMemoryWork(ackWait);
        return Task.FromResult(new Engine(work, work, work));
    }

    protected override Task SubmitMalformedAsync(Engine engine, DetectorFingerprint detector)
    {
        ((InMemoryWork)engine.Queue).SubmitRaw(detector, "~.1", "it is no JSON");
        return Task.CompletedTask;
    }
}
