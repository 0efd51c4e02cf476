namespace MfpClip.Distributed;

/// <summary>Files under some folders, such as a mounted share; links that lead out of them are refused.</summary>
internal sealed class FileImageStore(IReadOnlyList<string> roots) : IImageStore
{
    private readonly string[] _roots = [.. roots.Select(RealPath.Of)];

    public bool Handles(Uri image) => image.IsFile;

    public Task<Stream> OpenAsync(Uri image, CancellationToken cancellationToken = default)
    {
        string name = ImageNames.Of(image);
        try
        {
            string path = RealPath.Of(image.LocalPath);
            return !_roots.Any(r => RealPath.Contains(r, path)) ? throw new ImageFetchException(
                name, DeadCause.Forbidden, "it lies in none of the folders that this worker may read; add its folder to them.")
                : Task.FromResult<Stream>(new FileStream(path, new FileStreamOptions
                {
                    Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read, BufferSize = 0,
                    Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                }));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new ImageFetchException(name, DeadCause.Unreachable, $"it cannot be read ({e.Message.TrimEnd('.')}).", e);
        }
    }
}
