namespace MfpClip.References;

/// <summary>A pass that compares with images which it stores, so that an image that is one of them is known.</summary>
internal interface IStoredImages
{
    /// <summary>Name of the stored image of an id; <see langword="null"/>: none.</summary>
    /// <param name="id">Of <see cref="ReferenceId"/>.</param>
    string? NameOf(string id);
}
