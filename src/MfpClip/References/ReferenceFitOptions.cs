namespace MfpClip.References;

/// <summary>How a file of references is made from many images.</summary>
public sealed record ReferenceFitOptions
{
    /// <summary>How images are stored; <see langword="null"/>: as the file says where there is one, else the method's own.</summary>
    public ReferenceOptions? References { get; init; }

    /// <summary>
    /// Images after which what is done is saved beside the file, so that a fit that breaks off goes on there; with many images stored less often, so that
    /// saving takes no more than a small part of the time.
    /// </summary>
    /// <value>Default 50.</value>
    public int SaveEvery { get; init; } = 50;

    /// <summary>Where an unfinished fit is saved.</summary>
    /// <param name="path">The file to be made.</param>
    public static string PartialFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Path.ChangeExtension(path, ".partial.safetensors");
    }
}

/// <summary>How far a fit is.</summary>
/// <param name="Done">Images done, those that were stored and those that cannot be read among them.</param>
/// <param name="Total">All images.</param>
/// <param name="Computed">Images computed in this run.</param>
/// <param name="Unreadable">Why the last image cannot be read and was left out; <see langword="null"/>: it can.</param>
public readonly record struct ReferenceFitProgress(int Done, int Total, int Computed, string? Unreadable);
