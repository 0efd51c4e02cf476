namespace MfpClip.Models;

/// <summary>Where models are kept and fetched from. The defaults follow Hugging Face's environment variables.</summary>
public sealed record ModelStoreOptions
{
    /// <summary>Environment variable with the default of <see cref="MirrorFolder"/>.</summary>
    public const string MirrorVariable = "MFPCLIP_MODELS_MIRROR";

    /// <summary>Folder of the cache. Default HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub.</summary>
    public string CacheFolder { get; init; } = DefaultFolder();

    /// <summary>Server of repositories, such as a mirror of the hub; a path of it is kept. Default HF_ENDPOINT, else Hugging Face.</summary>
    public Uri Endpoint { get; init; } = DefaultEndpoint();

    /// <summary>
    /// Folder that is asked before any server, for sites without a network: <c>NAME/FILE</c> as <c>mfpclip models get NAME --to FOLDER</c> writes it, or
    /// <c>ORGANISATION/REPOSITORY/FILE</c>, with or without a folder of the revision between. Default MFPCLIP_MODELS_MIRROR, else none.
    /// </summary>
    public string? MirrorFolder { get; init; } = Variable(MirrorVariable);

    /// <summary>Never touch the network; <see cref="MirrorFolder"/> is still read. Default: HF_HUB_OFFLINE is 1, yes, on or true.</summary>
    public bool Offline { get; init; } = Variable("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "YES" or "ON" or "TRUE";

    /// <summary>Token for repositories that ask for one; sent to <see cref="Endpoint"/> only. Default HF_TOKEN.</summary>
    public string? Token { get; init; } = Variable("HF_TOKEN");

    /// <summary>How often an interrupted transfer is resumed before the next source is tried. Default 4.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>Wait before the first new attempt; doubled each time. Default one second.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server may send nothing before the attempt counts as failed; positive. Default one minute.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromMinutes(1);

    private static Uri DefaultEndpoint()
    {
        string endpoint = Variable("HF_ENDPOINT") ?? "https://huggingface.co";
        return Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https") ? uri
            : throw new ModelStoreException("HF_ENDPOINT", $"'{endpoint}' is no address of a server; it must look like https://hub.example.org.");
    }

    private static string DefaultFolder() =>
        Variable("HF_HUB_CACHE") ?? (Variable("HF_HOME") is { } home ? Path.Combine(home, "hub") : Path.Combine(
            Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface", "hub"));

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>How far a download is.</summary>
/// <param name="File">File being fetched.</param>
/// <param name="Received">Bytes that are here.</param>
/// <param name="Total">Bytes in all; <see langword="null"/> where the server does not say.</param>
public readonly record struct DownloadProgress(string File, long Received, long? Total);
