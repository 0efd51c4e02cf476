namespace MfpClip.Data;

/// <summary>What is wrong with a data set.</summary>
public enum DataSetFault
{
    /// <summary>There is no such file or folder.</summary>
    NotFound,

    /// <summary>The folder holds no images.</summary>
    Empty,

    /// <summary>The folder is laid out in no known way.</summary>
    UnknownLayout,

    /// <summary>A list (CSV, JSON) is damaged or names something that cannot be.</summary>
    Malformed,

    /// <summary>A list names an image or mask that is not there.</summary>
    MissingFile,

    /// <summary>None of a category's masks belongs to an image.</summary>
    MaskWithoutImage,

    /// <summary>Image and mask differ in size.</summary>
    SizeMismatch,

    /// <summary>A file is not a readable image.</summary>
    UnreadableImage,

    /// <summary>Two categories that are used together have one key.</summary>
    RepeatedKey,
}

/// <summary>A data set cannot be used as it is; names the file and says what to do.</summary>
public sealed class DataSetException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public DataSetException(DataSetFault fault, string path, string reason, Exception? innerException = null)
        : base($"Data '{path}': {reason}", innerException) => (Fault, Path) = (fault, path);

    /// <summary>What kind of fault.</summary>
    public DataSetFault Fault { get; }

    /// <summary>The file or folder.</summary>
    public string Path { get; }
}
