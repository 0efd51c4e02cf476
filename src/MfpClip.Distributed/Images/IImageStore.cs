namespace MfpClip.Distributed;

/// <summary>
/// Where images are read from by URI. Object stores are added by one of these: with signed <c>https:</c> URIs none is needed. Safe for concurrent callers.
/// </summary>
public interface IImageStore
{
    /// <summary>Whether it reads URIs of this kind; whether it may read this one, <see cref="OpenAsync"/> decides.</summary>
    /// <param name="image">Absolute URI.</param>
    bool Handles(Uri image);

    /// <summary>Opens an image. The caller disposes the stream, and reads no more of it than an image may have.</summary>
    /// <param name="image">Absolute URI.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ImageFetchException">It may not be read, or cannot be.</exception>
    Task<Stream> OpenAsync(Uri image, CancellationToken cancellationToken = default);
}

/// <summary>Which images a worker reads.</summary>
/// <remarks>
/// Nothing by default: whoever can write into the queue could make a worker read any file, or call any address of the plant's network, and learn from the
/// result what is there.
/// </remarks>
public sealed record ImageAccessOptions
{
    /// <summary>Folders whose files are read, sub-folders included; links that lead out of them are not followed.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<string> Roots { get; init; } = [];

    /// <summary>Hosts that are read from by http and https, such as "images.plant.example" or "10.0.0.5:9000"; redirections are not followed.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Time in which a host has to send an image.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is wrong with the options, as text; empty where nothing is.</summary>
    public IReadOnlyList<string> Faults() =>
    [
        .. Roots.Where(r => !Directory.Exists(r)).Select(r => $"there is no folder '{r}' (Roots)"),
        .. Hosts.Where(h => !Uri.TryCreate($"https://{h}/", UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || uri.AbsolutePath != "/")
            .Select(h => $"'{h}' is no host name (Hosts)"),
        .. Timeout > TimeSpan.Zero ? Array.Empty<string>() : [$"Timeout is {Timeout}; it is above 0"],
    ];

    /// <summary>The stores for files and hosts.</summary>
    public IReadOnlyList<IImageStore> CreateStores() => [new FileImageStore(Roots), new HttpImageStore(Hosts, Timeout)];
}
