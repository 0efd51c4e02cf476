using System.Security.Cryptography;

namespace MfpClip.Models;

/// <summary>
/// Keeps published models on disk in Hugging Face's cache layout (<c>models--org--name/{blobs,refs,snapshots}</c>), shared with other
/// tools. Only <c>EnsureAsync</c> touches the network.
/// </summary>
/// <param name="options">Folder, server, offline switch.</param>
/// <param name="client">Client to fetch with; <see langword="null"/>: an own one.</param>
public sealed class ModelStore(ModelStoreOptions? options = null, HttpClient? client = null)
{
    private static readonly Lazy<HttpClient> Shared = new(() => new HttpClient { Timeout = Timeout.InfiniteTimeSpan });
    private readonly ModelStoreOptions _options = options ?? new();

    /// <summary>Whether every file of a model is here.</summary>
    public bool IsComplete(string name) => ModelCatalogue.Find(name) is var model && model.Files.All(f => File.Exists(PathOf(model, f)));

    /// <summary>The weight file of a model that is here; its configuration and tokenizer lie beside it.</summary>
    /// <exception cref="ModelStoreException">Unknown, or not fetched yet.</exception>
    public string GetPath(string name)
    {
        var model = ModelCatalogue.Find(name);
        return IsComplete(name) ? PathOf(model, model.Files[0]) : throw new ModelStoreException(
            name, $"it is not in the cache '{_options.CacheFolder}'. Fetch it once with ModelStore.EnsureAsync or 'mfpclip models get {model.Name}'.");
    }

    /// <summary>Fetches what is missing of a model, resuming what was begun, and checks it.</summary>
    /// <param name="name">Name in the catalogue.</param>
    /// <param name="progress">Called with the bytes received.</param>
    /// <param name="cancellationToken">Stops; what is here is kept for the next time.</param>
    /// <returns>Path of the weight file.</returns>
    /// <exception cref="ModelStoreException">Unknown, offline, refused by the server, or the bytes are wrong.</exception>
    public Task<string> EnsureAsync(string name, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default) =>
        EnsureModelAsync(ModelCatalogue.Find(name), progress, cancellationToken);

    /// <summary>The same for a model that is not in the catalogue.</summary>
    public async Task<string> EnsureModelAsync(
        CatalogueModel model, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        string folder = FolderOf(model);
        try
        {
            if (!model.Files.All(f => File.Exists(PathOf(model, f))))
            {
                if (model.Origin is { } origin)
                {
                    throw new ModelStoreException(model.Name, $"no server offers it in this form: {origin}. Put '{model.Files[0].Name}' into "
                        + $"'{Path.GetDirectoryName(PathOf(model, model.Files[0]))}', or name the file itself.");
                }

                if (_options.Offline)
                {
                    throw new ModelStoreException(
                        model.Name, $"it is not complete in '{_options.CacheFolder}', and the offline switch is on (HF_HUB_OFFLINE).");
                }

                Directory.CreateDirectory(Path.Combine(folder, "blobs"));
                using var held = await HoldAsync(Path.Combine(folder, ".mfpclip.lock"), cancellationToken).ConfigureAwait(false);
                foreach (var file in model.Files.Where(f => !File.Exists(PathOf(model, f))))
                {
                    await FetchAsync(model, file, progress, cancellationToken).ConfigureAwait(false);
                }
            }

            return PathOf(model, model.Files[0]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelStoreException(model.Name, $"the cache '{folder}' cannot be written ({e.Message}).", e);
        }
    }

    /// <summary>Hashes the files of a model again. The hash comes from the catalogue, or from when it was fetched.</summary>
    /// <returns>The files that are damaged; empty where all are well.</returns>
    /// <exception cref="ModelStoreException">Unknown, or not fetched yet.</exception>
    public async Task<IReadOnlyList<string>> VerifyAsync(string name, CancellationToken cancellationToken = default)
    {
        var model = ModelCatalogue.Find(name);
        GetPath(name);
        var damaged = new List<string>();
        foreach (var file in model.Files)
        {
            string path = PathOf(model, file);
            string? expected = file.Sha256 ?? (File.ResolveLinkTarget(path, returnFinalTarget: true) is { Name.Length: 64 } blob ? blob.Name : null);
            if (expected is not null && await HashAsync(path, cancellationToken).ConfigureAwait(false) != expected)
            {
                damaged.Add(path);
            }
        }

        return damaged;
    }

    internal string PathOf(CatalogueModel model, CatalogueFile file) => Path.Combine(FolderOf(model), "snapshots", model.Revision, file.Name);

    private string FolderOf(CatalogueModel model) =>
        Path.Combine(_options.CacheFolder, $"models--{model.Repository.Replace("/", "--", StringComparison.Ordinal)}");

    private async Task FetchAsync(CatalogueModel model, CatalogueFile file, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        var address = file.Address ?? new Uri(_options.Endpoint, $"/{model.Repository}/resolve/{model.Revision}/{file.Name}");
        string partial = Path.Combine(FolderOf(model), "blobs", $"{model.Revision}.{file.Name}.incomplete");
        var download = new ResumableDownload(client ?? Shared.Value, _options, model.Name, file.Name);
        string? stated = await download.FetchAsync(address, partial, progress, cancellationToken).ConfigureAwait(false);
        string actual = await HashAsync(partial, cancellationToken).ConfigureAwait(false);
        if ((file.Sha256 ?? stated) is { } expected && expected != actual)
        {
            File.Delete(partial);
            throw new ModelStoreException(model.Name, $"'{file.Name}' from {address.Host} has the hash {actual[..12]}..., expected {expected[..12]}.... The "
                + $"bytes are wrong and were removed; try again, or check who answers for that address.");
        }

        string blob = Path.Combine(FolderOf(model), "blobs", actual);
        File.Move(partial, blob, overwrite: true);
        Publish(PathOf(model, file), blob);
    }

    // As Hugging Face does: the snapshot links to the blob. Where links are not allowed, the file itself moves there.
    private static void Publish(string path, string blob)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, blob));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !File.Exists(path))
        {
            File.Move(blob, path, overwrite: true);
        }
    }

    private static async Task<FileStream> HoldAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process fetches the same model: wait for it.
                await Task.Delay(100, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }
}
