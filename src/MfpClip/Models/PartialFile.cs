namespace MfpClip.Models;

/// <summary>
/// A file of which the beginning is here, and the validator (entity tag or date) of what it is the beginning of: without it, a resumed transfer could join two
/// versions.
/// </summary>
/// <param name="path">The partial file.</param>
/// <param name="isChecked">Whether the whole is compared with a known hash: then a beginning without a validator may be resumed, too.</param>
internal sealed class PartialFile(string path, bool isChecked)
{
    private readonly string _validator = $"{path}.version";

    /// <summary>Where it lies.</summary>
    public string Path => path;

    /// <summary>Bytes that may be kept.</summary>
    public long Length => File.Exists(path) && (isChecked || Validator is not null) ? new FileInfo(path).Length : 0;

    /// <summary>What the server called the version; null if it did not, or the file is not there.</summary>
    public string? Validator => File.Exists(_validator) ? File.ReadAllText(_validator) : null;

    /// <summary>Whether it was written in more than one part, which may be of two versions.</summary>
    public bool IsJoined { get; private set; }

    /// <summary>Opens it to write from a position on, as the beginning of the given version.</summary>
    public FileStream OpenAt(long position, string? validator)
    {
        if (position == 0)
        {
            Remove();
            if (validator is not null)
            {
                File.WriteAllText(_validator, validator);
            }
        }

        IsJoined |= position > 0;
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        stream.SetLength(position);
        stream.Seek(position, SeekOrigin.Begin);
        return stream;
    }

    /// <summary>Removes it.</summary>
    public void Remove()
    {
        IsJoined = false;
        File.Delete(path);
        File.Delete(_validator);
    }

    /// <summary>Moves the finished file to its place.</summary>
    public void MoveTo(string target)
    {
        File.Move(path, target, overwrite: true);
        File.Delete(_validator);
    }
}
