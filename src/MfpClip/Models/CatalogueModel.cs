namespace MfpClip.Models;

/// <summary>A file of a published model.</summary>
/// <param name="Name">Name in the model's folder.</param>
/// <param name="Sha256">
/// Lower-case hexadecimal hash as its publisher gives it, or its beginning (at least 8 digits) where only that is published; <see langword="null"/>
/// where no hash is published: then the one that the server states is checked.
/// </param>
/// <param name="Address">Where it lies; <see langword="null"/>: in the repository, at the revision.</param>
public sealed record CatalogueFile(string Name, string? Sha256 = null, Uri? Address = null);

/// <summary>One place that offers a model, with all its files.</summary>
public sealed record CatalogueSource
{
    /// <summary>Repository, "organisation/name", which also names its folder in the cache.</summary>
    public required string Repository { get; init; }

    /// <summary>Revision that is fetched; a branch such as "main" is not pinned.</summary>
    public required string Revision { get; init; }

    /// <summary>Files; the first one holds the weights.</summary>
    public required IReadOnlyList<CatalogueFile> Files { get; init; }
}

/// <summary>A published model.</summary>
public sealed record CatalogueModel
{
    /// <summary>Name for this library.</summary>
    public required string Name { get; init; }

    /// <summary>Licence of the weights, as their publisher states it.</summary>
    public required string Licence { get; init; }

    /// <summary>
    /// For a model that no server offers in this form: where its weights come from and who carries them. <see langword="null"/>: it can be fetched.
    /// </summary>
    public string? Origin { get; init; }

    /// <summary>
    /// "quick_gelu" or "gelu", the activation the model was trained with: a configuration that says otherwise is refused, because the results would be wrong
    /// without a sign. <see langword="null"/>: not checked.
    /// </summary>
    public string? Activation { get; init; }

    /// <summary>Places that offer it, tried in order; at least one.</summary>
    public required IReadOnlyList<CatalogueSource> Sources { get; init; }

    /// <summary>The same model from one place only, at another revision or with a hash that the caller knows.</summary>
    /// <param name="revision">Revision of the first source, for which the catalogue's hashes do not hold; <see langword="null"/>: the catalogue's.</param>
    /// <param name="sha256">Hash of the weight file, 64 hexadecimal digits; <see langword="null"/>: the catalogue's, if the revision is.</param>
    /// <exception cref="ModelStoreException">The hash is none.</exception>
    public CatalogueModel Pin(string? revision, string? sha256)
    {
        if (sha256 is not null && (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigit)))
        {
            throw new ModelStoreException(Name, $"'{sha256}' is no SHA-256: 64 hexadecimal digits were expected.");
        }

        var first = Sources[0];
        bool other = revision is not null && revision != first.Revision;
        var files = first.Files.Select((f, i) => f with
        {
            Sha256 = i == 0 && sha256 is not null ? sha256.ToLowerInvariant() : other ? null : f.Sha256,
        });
        return this with { Sources = [first with { Revision = revision ?? first.Revision, Files = [.. files] }] };
    }
}
