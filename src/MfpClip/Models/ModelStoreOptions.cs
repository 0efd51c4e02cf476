namespace MfpClip.Models;

/// <summary>Where models are kept and fetched from. The defaults follow Hugging Face's environment variables.</summary>
public sealed record ModelStoreOptions
{
    /// <summary>Folder of the cache. Default HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else ~/.cache/huggingface/hub.</summary>
    public string CacheFolder { get; init; } = DefaultFolder();

    /// <summary>Server of repositories. Default HF_ENDPOINT, else Hugging Face.</summary>
    public Uri Endpoint { get; init; } = new(Variable("HF_ENDPOINT") ?? "https://huggingface.co");

    /// <summary>Never touch the network. Default: HF_HUB_OFFLINE is 1, yes, on or true.</summary>
    public bool Offline { get; init; } = Variable("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "YES" or "ON" or "TRUE";

    /// <summary>Token for repositories that ask for one; sent to <see cref="Endpoint"/> only. Default HF_TOKEN.</summary>
    public string? Token { get; init; } = Variable("HF_TOKEN");

    /// <summary>How often a broken transfer is taken up again before giving up. Default 4.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>Wait before the first new try; doubled each time. Default one second.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

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
