namespace MfpClip.Output;

/// <summary>Writes outcomes one after another, so that memory does not grow with the number of images. Not safe for concurrent callers.</summary>
public interface IResultWriter : IDisposable
{
    /// <summary>Adds an image: its result, its error, or both where it was detected and what followed failed.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    void Add(DetectionOutcome outcome);

    /// <summary>Finishes; a file has its name from now on. What was not completed leaves no file behind.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    void Complete();
}
