namespace MfpClip.Distributed;

/// <summary>Work cannot be submitted, taken or read: the engine cannot be reached, refuses, or holds something damaged.</summary>
public class WorkException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    public WorkException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>An image cannot be had from where its URI points.</summary>
public sealed class ImageFetchException : MfpClipException
{
    /// <summary>Creates the error.</summary>
    /// <param name="image">The image, without query and user.</param>
    /// <param name="cause">Whether another attempt can help: it can where this is <see cref="DeadCause.Unreachable"/>.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    /// <param name="innerException">Cause.</param>
    public ImageFetchException(string image, DeadCause cause, string reason, Exception? innerException = null)
        : base($"Image '{image}': {reason}", innerException) => (ImageName, Cause) = (image, cause);

    /// <summary>The image, without query and user.</summary>
    public string ImageName { get; }

    /// <summary>The kind of reason.</summary>
    public DeadCause Cause { get; }
}
