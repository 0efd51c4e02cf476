using MfpClip.Distributed;
using Microsoft.Extensions.Options;

namespace MfpClip.Hosting;

/// <summary>A worker of a host.</summary>
/// <remarks>A section of configuration has these properties as its keys; an unknown key is an error when the host starts.</remarks>
public sealed class MfpClipWorkerOptions
{
    /// <summary>The server.</summary>
    /// <value>
    /// Default <see langword="null"/>: <see cref="IWorkSource"/>, <see cref="IResultSink"/> and, for metrics, <see cref="IWorkQueue"/> of the container.
    /// </value>
    public NatsWorkOptions? Nats { get; set; }

    /// <summary>How the worker works.</summary>
    public WorkerOptions Worker { get; set; } = new();

    /// <summary>Which images it reads, in addition to what every <see cref="IImageStore"/> of the container does.</summary>
    /// <value>Default: none; one of both has to be given.</value>
    public ImageAccessOptions Images { get; set; } = new();

    /// <summary>Key of the detector (<c>AddKeyedMfpClip</c>); <see langword="null"/>: the one without a key.</summary>
    public string? DetectorKey { get; set; }
}

/// <summary>Every fault of the options at the start of the host.</summary>
internal sealed class MfpClipWorkerOptionsValidator(IEnumerable<IImageStore> stores) : IValidateOptions<MfpClipWorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, MfpClipWorkerOptions options)
    {
        string[] faults =
        [
            .. (options.Nats?.Faults() ?? []).Select(f => $"Nats: {f}"), .. options.Worker.Faults().Select(f => $"Worker: {f}"),
            .. options.Images.Faults().Select(f => $"Images: {f}"),
            .. options.Images is { Roots.Count: 0, Hosts.Count: 0 } && !stores.Any()
                ? ["Images: the worker may read no image; name folders (Roots) or hosts (Hosts), or register an IImageStore"] : Array.Empty<string>(),
        ];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults.Select(f => $"MfpClip worker: {f}"));
    }
}
