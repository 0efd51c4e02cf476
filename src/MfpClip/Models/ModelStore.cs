using MfpClip.Files;

namespace MfpClip.Models;

/// <summary>
/// Keeps published models on disk in Hugging Face's cache layout (<c>models--org--name/{blobs,refs,snapshots}</c>), shared with other
/// tools. Only <c>EnsureAsync</c> touches the network.
/// </summary>
/// <param name="options">Folder, mirror, server, offline switch.</param>
/// <param name="client">
/// Client to fetch with; <see langword="null"/>: an own one. One that follows redirections itself does not see the hash that the hub states.
/// </param>
public sealed class ModelStore(ModelStoreOptions? options = null, HttpClient? client = null)
{
    private static readonly Lazy<HttpClient> Shared = new(() => new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    });
    private readonly ModelStoreOptions _options = options ?? new();

    /// <summary>Whether every file of a model is here.</summary>
    public bool IsComplete(string name) => Complete(ModelCatalogue.Find(name)) is not null;

    /// <summary>The weight file of a model that is here; its configuration lies beside it.</summary>
    /// <exception cref="ModelStoreException">Unknown, or not fetched yet.</exception>
    public string GetPath(string name)
    {
        var model = ModelCatalogue.Find(name);
        return Complete(model) is { } source ? PathOf(source, source.Files[0]) : throw new ModelStoreException(
            name, $"it is not in the cache '{_options.CacheFolder}'. Fetch it once with ModelStore.EnsureAsync or 'mfpclip models get {model.Name}'.");
    }

    /// <summary>Fetches what is missing of a model from the first source that gives it, resuming what was begun, and checks it.</summary>
    /// <param name="name">Name in the catalogue.</param>
    /// <param name="progress">Called with the bytes received.</param>
    /// <param name="cancellationToken">Stops; what is here is kept for the next time.</param>
    /// <returns>Path of the weight file.</returns>
    /// <exception cref="ModelStoreException">Unknown, offline, or no source gives it: the message says of each source why not.</exception>
    public Task<string> EnsureAsync(string name, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default) =>
        EnsureModelAsync(ModelCatalogue.Find(name), progress, cancellationToken);

    /// <summary>The same for a model that is not in the catalogue.</summary>
    public async Task<string> EnsureModelAsync(
        CatalogueModel model, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        try
        {
            if (Complete(model) is { } here)
            {
                return PathOf(here, here.Files[0]);
            }

            var reasons = new List<string>();
            return await FromMirrorAsync(model, reasons, cancellationToken).ConfigureAwait(false)
                ?? await FromServersAsync(model, reasons, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            throw new ModelStoreException(model.Name, $"the cache '{_options.CacheFolder}' cannot be written ({e.Message}).", e);
        }
    }

    /// <summary>
    /// Copies a model that is here into <c>FOLDER/NAME</c>, to carry it to a machine without a network: there the weight file or the folder is named, or
    /// <see cref="ModelStoreOptions.MirrorFolder"/> is FOLDER.
    /// </summary>
    /// <returns>Path of the copied weight file.</returns>
    /// <exception cref="ModelStoreException">Unknown, not fetched yet, damaged, or the folder cannot be written.</exception>
    public async Task<string> ExportAsync(CatalogueModel model, string folder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var source = Complete(model) ?? throw new ModelStoreException(model.Name, $"it is not complete in the cache '{_options.CacheFolder}'.");
        string target = Path.Combine(folder, model.Name);
        try
        {
            Directory.CreateDirectory(target);
            foreach (var file in source.Files)
            {
                string from = PathOf(source, file), to = Path.Combine(target, file.Name), partial = $"{to}.incomplete";
                File.Copy(from, partial, overwrite: true);
                if (ExpectedHash(file, from) is { } expected && !(await FileHash.OfAsync(partial, cancellationToken).ConfigureAwait(false)).StartsWith(
                    expected, StringComparison.Ordinal))
                {
                    File.Delete(partial);
                    throw new ModelStoreException(model.Name, $"'{from}' is damaged. Remove it and fetch the model again.");
                }

                File.Move(partial, to, overwrite: true);
            }
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            throw new ModelStoreException(model.Name, $"'{target}' cannot be written ({e.Message}).", e);
        }

        return Path.Combine(target, source.Files[0].Name);
    }

    /// <summary>Hashes the files of a model again. The hash comes from the catalogue, or from when it was fetched.</summary>
    /// <returns>The files that are damaged; empty where all are well.</returns>
    /// <exception cref="ModelStoreException">Unknown, or not fetched yet.</exception>
    public async Task<IReadOnlyList<string>> VerifyAsync(string name, CancellationToken cancellationToken = default)
    {
        GetPath(name);
        var source = Complete(ModelCatalogue.Find(name))!;
        var damaged = new List<string>();
        foreach (var file in source.Files)
        {
            string path = PathOf(source, file);
            if (ExpectedHash(file, path) is { } expected
                && !(await FileHash.OfAsync(path, cancellationToken).ConfigureAwait(false)).StartsWith(expected, StringComparison.Ordinal))
            {
                damaged.Add(path);
            }
        }

        return damaged;
    }

    internal string PathOf(CatalogueSource source, CatalogueFile file) => Path.Combine(FolderOf(source), "snapshots", source.Revision, file.Name);

    internal string FolderOf(CatalogueSource source) =>
        Path.Combine(_options.CacheFolder, $"models--{source.Repository.Replace("/", "--", StringComparison.Ordinal)}");

    private CatalogueSource? Complete(CatalogueModel model) =>
        model.Sources.FirstOrDefault(s => s.Files.All(f => File.Exists(PathOf(s, f))));

    // The link of the cache names the blob by its hash.
    private static string? ExpectedHash(CatalogueFile file, string path) =>
        file.Sha256 ?? (File.ResolveLinkTarget(path, returnFinalTarget: true) is { Name.Length: 64 } blob ? blob.Name : null);

    private async Task<string?> FromMirrorAsync(CatalogueModel model, List<string> reasons, CancellationToken cancellationToken)
    {
        if (_options.MirrorFolder is not { } folder)
        {
            return null;
        }

        var mirror = new ModelMirror(folder);
        foreach (var source in model.Sources)
        {
            if (mirror.Find(model, source) is not { } found)
            {
                reasons.Add($"the mirror '{folder}' lacks {string.Join(", ", source.Files.Select(f => f.Name))} of {source.Repository}");
                continue;
            }

            try
            {
                return await new SourceFetch(this, _options, client ?? Shared.Value, model, source).CopyAsync(found, cancellationToken).ConfigureAwait(false);
            }
            catch (DownloadException e)
            {
                reasons.Add($"the mirror '{found}': {e.Message.TrimEnd('.')}");
            }
        }

        return null;
    }

    private async Task<string> FromServersAsync(
        CatalogueModel model, List<string> reasons, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        if (model.Origin is { } origin)
        {
            var first = model.Sources[0];
            throw new ModelStoreException(model.Name, $"no server offers it in this form: {origin}. Put '{first.Files[0].Name}' into "
                + $"'{Path.GetDirectoryName(PathOf(first, first.Files[0]))}', or name the file itself.");
        }

        if (_options.Offline)
        {
            throw new ModelStoreException(model.Name, $"it is not complete in '{_options.CacheFolder}', and the offline switch is on (HF_HUB_OFFLINE)."
                + string.Concat(reasons.Select(r => $" Also, {r}.")));
        }

        foreach (var source in model.Sources)
        {
            try
            {
                return await new SourceFetch(this, _options, client ?? Shared.Value, model, source).FetchAsync(progress, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (DownloadException e)
            {
                reasons.Add($"{source.Repository} at {source.Revision}: {e.Message.TrimEnd('.')}");
            }
        }

        throw new ModelStoreException(model.Name, reasons.Count == 1 ? $"{reasons[0]}." : $"none of its sources gives it. "
            + $"{string.Join(" ", reasons.Select((r, i) => $"({i + 1}) {r}."))} Another server of the hub is named by HF_ENDPOINT, a folder with the files by "
            + $"{ModelStoreOptions.MirrorVariable}.");
    }
}
