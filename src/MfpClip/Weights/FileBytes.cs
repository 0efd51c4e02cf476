using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace MfpClip.Weights;

/// <summary>Random access to the bytes of a file, or of a resource inside an assembly; safe for concurrent readers, holds nothing in memory.</summary>
internal sealed class FileBytes : IDisposable
{
    private readonly SafeFileHandle? _handle;
    private readonly UnmanagedMemoryStream? _resource;
    private readonly Lazy<string> _sha256;

    private FileBytes(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
        _sha256 = new(Hash);
    }

    private FileBytes(string name, UnmanagedMemoryStream resource)
    {
        (Path, _resource, Length) = (name, resource, resource.Length);
        _sha256 = new(Hash);
    }

    public string Path { get; }

    public long Length { get; }

    public string Sha256 => _sha256.Value;

    public static FileBytes Open(string path)
    {
        try
        {
            return new(path, File.OpenHandle(path, options: FileOptions.RandomAccess));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            string reason = Directory.Exists(path) ? "it is a folder; name the file in it" : e is FileNotFoundException or DirectoryNotFoundException
                ? "there is no such file" : e.Message;
            throw new WeightsException(path, $"{reason}.", e);
        }
    }

    /// <summary>A resource, which lies in memory as long as its assembly is loaded: nothing is copied.</summary>
    /// <param name="name">What stands in messages and descriptions.</param>
    /// <param name="resource">As the assembly gives it; taken over.</param>
    public static FileBytes Of(string name, UnmanagedMemoryStream resource) => new(name, resource);

    /// <summary>Fills <paramref name="target"/> from <paramref name="offset"/> on.</summary>
    public void Read(long offset, Span<byte> target)
    {
        if (_resource is not null)
        {
            Resource(offset, target.Length).CopyTo(target);
            return;
        }

        while (target.Length > 0)
        {
            int read = RandomAccess.Read(_handle!, target, offset);
            if (read == 0)
            {
                throw new WeightsException(Path, "the file ends too early. Get it again.");
            }

            offset += read;
            target = target[read..];
        }
    }

    public byte[] Read(long offset, int count)
    {
        if (offset < 0 || count < 0 || offset > Length - count)
        {
            throw new WeightsException(Path, "the file ends too early. Get it again.");
        }

        var bytes = new byte[count];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>A read-only stream over the whole file, for parsers that want one.</summary>
    public Stream OpenStream() => _resource is { } resource ? Whole(resource) : new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read);

    public void Dispose()
    {
        _handle?.Dispose();
        _resource?.Dispose();
    }

    private static unsafe UnmanagedMemoryStream Whole(UnmanagedMemoryStream resource) => new(resource.PositionPointer - resource.Position, resource.Length);

    private unsafe ReadOnlySpan<byte> Resource(long offset, int count) => offset >= 0 && offset <= Length - count
        ? new(_resource!.PositionPointer - _resource.Position + offset, count)
        : throw new WeightsException(Path, "the resource ends too early.");

    private string Hash()
    {
        using var stream = OpenStream();
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
