namespace MfpClip.Models;

/// <summary>Brings all files of one source into the cache: small ones first, so that a wrong configuration is found before gigabytes of weights.</summary>
internal sealed class SourceFetch(ModelStore store, ModelStoreOptions options, HttpClient client, CatalogueModel model, CatalogueSource source)
{
    private string Blobs => Path.Combine(store.FolderOf(source), "blobs");

    /// <returns>Path of the weight file.</returns>
    /// <exception cref="DownloadException">A file is not given, or wrong.</exception>
    public Task<string> FetchAsync(IProgress<DownloadProgress>? progress, CancellationToken cancellationToken) =>
        AllAsync(f => DownloadAsync(f, progress, cancellationToken), cancellationToken);

    /// <summary>The same from a folder.</summary>
    public Task<string> CopyAsync(string folder, CancellationToken cancellationToken) => AllAsync(async file =>
    {
        string partial = Partial(file);
        File.Copy(Path.Combine(folder, file.Name), partial, overwrite: true);
        string actual = await FileHash.OfAsync(partial, cancellationToken).ConfigureAwait(false);
        if (!Matches(actual, file.Sha256))
        {
            File.Delete(partial);
            throw Wrong(file, actual, file.Sha256!, $"'{Path.Combine(folder, file.Name)}'");
        }

        Publish(file, new(partial, isChecked: true), actual);
    }, cancellationToken);

    private async Task<string> AllAsync(Func<CatalogueFile, Task> bring, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Blobs);
        using var held = await HoldAsync(Path.Combine(store.FolderOf(source), ".mfpclip.lock"), cancellationToken).ConfigureAwait(false);
        foreach (var file in source.Files.Reverse().Where(f => !File.Exists(store.PathOf(source, f))))
        {
            // Another revision, or another tool, may have brought the same bytes.
            string? known = file.Sha256 is { Length: 64 } hash && File.Exists(Path.Combine(Blobs, hash)) ? hash : null;
            if (known is not null && await FileHash.OfAsync(Path.Combine(Blobs, known), cancellationToken).ConfigureAwait(false) == known)
            {
                Link(store.PathOf(source, file), Path.Combine(Blobs, known));
                continue;
            }

            await bring(file).ConfigureAwait(false);
        }

        return store.PathOf(source, source.Files[0]);
    }

    private async Task DownloadAsync(CatalogueFile file, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        // HF_ENDPOINT may have a path, as mirrors of the hub behind a proxy do.
        var address = file.Address ?? new Uri($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{source.Repository}/resolve/{source.Revision}/{file.Name}");
        var partial = new PartialFile(Partial(file), file.Sha256 is not null);
        bool begun = partial.Length > 0;
        while (true)
        {
            string? stated = await new ResumableDownload(client, options, file.Name).FetchAsync(address, partial, progress, cancellationToken)
                .ConfigureAwait(false);
            string actual = await FileHash.OfAsync(partial.Path, cancellationToken).ConfigureAwait(false);
            string? expected = file.Sha256 ?? stated;
            if (Matches(actual, expected))
            {
                Publish(file, partial, actual);
                return;
            }

            // What was joined may be the end of another version than its beginning: once from the start.
            bool joined = begun || partial.IsJoined;
            partial.Remove();
            begun = false;
            if (!joined)
            {
                throw Wrong(file, actual, expected!, address.Host);
            }
        }
    }

    private void Publish(CatalogueFile file, PartialFile partial, string hash)
    {
        if (model.Activation is { } activation && ActivationCheck.Fault(file.Name, partial.Path, activation) is { } fault)
        {
            partial.Remove();
            throw new DownloadException(fault);
        }

        string blob = Path.Combine(Blobs, hash);
        partial.MoveTo(blob);
        Link(store.PathOf(source, file), blob);
    }

    // As Hugging Face does: the snapshot links to the blob. Where links are not allowed, the file itself moves there.
    private static void Link(string path, string blob)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            File.Delete(path); // a link to a blob that is gone
            File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, blob));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !File.Exists(path))
        {
            File.Move(blob, path, overwrite: true);
        }
    }

    private static bool Matches(string actual, string? expected) => expected is null || actual.StartsWith(expected, StringComparison.Ordinal);

    private static DownloadException Wrong(CatalogueFile file, string actual, string expected, string where) => new(
        $"'{file.Name}' from {where} has the hash {actual[..12]}..., expected {expected[..Math.Min(12, expected.Length)]}.... The bytes are wrong and were "
        + "removed; try again, or check who answers for that address.");

    private string Partial(CatalogueFile file) => Path.Combine(Blobs, $"{source.Revision}.{file.Name}.incomplete");

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
}
