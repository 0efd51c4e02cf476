namespace MfpClip.Data;

/// <summary>Why something that lies in a data set is not used.</summary>
public enum IgnoredReason
{
    /// <summary>Not an image that a decoder could read, by its ending.</summary>
    NotAnImage,

    /// <summary>What may be an image, but cannot be read as one: empty, a link to nothing, an image under the name of another kind of file.</summary>
    Unreadable,

    /// <summary>Nothing says whether the images are normal or defective.</summary>
    NoLabel,

    /// <summary>A folder that is not part of the layout.</summary>
    UnknownFolder,

    /// <summary>Another kind of measurement than photographs, for example depth.</summary>
    OtherModality,

    /// <summary>A mask that belongs to no image.</summary>
    MaskWithoutImage,

    /// <summary>A mask of a normal image: it says nothing that the label does not.</summary>
    MaskOfNormalImage,

    /// <summary>A line of a list that names an image which another line named before.</summary>
    RepeatedLine,

    /// <summary>A folder that is part of the data already, under another name.</summary>
    RepeatedFolder,
}

/// <summary>Something in a data set that is not used.</summary>
/// <param name="Path">The file or folder; of several files the first.</param>
/// <param name="Reason">Why.</param>
/// <param name="Explanation">The same as text, with what to do where something can be done.</param>
/// <param name="Count">Number of files, or of lines.</param>
public sealed record IgnoredPath(string Path, IgnoredReason Reason, string Explanation, int Count);
