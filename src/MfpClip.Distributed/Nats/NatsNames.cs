namespace MfpClip.Distributed;

/// <summary>Names on the server: everything begins with the prefix.</summary>
internal sealed class NatsNames(string prefix)
{
    public string WorkStream => $"{prefix}-work";

    public string DeadStream => $"{prefix}-dead";

    public string Results => $"{prefix}-results";

    public string AllWork => $"{prefix}.work.>";

    public string AllDead => $"{prefix}.dead.>";

    public string Work(string route, string job) => $"{prefix}.work.{route}.{job}";

    public string WorkOf(string route) => $"{prefix}.work.{route}.*";

    public string Consumer(string route) => $"worker-{route}";

    public string Dead(string id) => $"{prefix}.dead.{id}";

    /// <summary>Route and job of a subject.</summary>
    public static (string Route, string Job) Parts(string subject) =>
        subject.Split('.') is [_, _, var route, var job] ? (route, job) : (string.Empty, string.Empty);

    /// <summary>Name of a message that is no work; no job has it.</summary>
    public static string Malformed(ulong sequence) => $"~.{sequence}";
}
