namespace MfpClip.Output;

/// <summary>Names of images as other programs join them with a folder of theirs.</summary>
internal static class RelativeName
{
    /// <summary>
    /// The path from a folder to an image, with slashes; the name as it is without a folder, and the whole path where another drive holds it.
    /// </summary>
    public static string Of(string image, string? folder) =>
        (folder is null ? image : Path.GetRelativePath(folder, image)).Replace(Path.DirectorySeparatorChar, '/');
}
