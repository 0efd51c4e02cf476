namespace MfpClip.Distributed;

/// <summary>
/// How results, errors and logs call an image: a file by its path as <c>detect</c> does; of others neither user nor query, which can hold secrets.
/// </summary>
public static class ImageNames
{
    /// <summary>The name of an image.</summary>
    /// <param name="image">Absolute URI.</param>
    public static string Of(Uri image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return image.IsFile ? image.LocalPath : image.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
    }
}
