namespace MfpClip.Models;

/// <summary>Why one source did not give one file; the store collects them into the error of the model.</summary>
/// <param name="reason">What is wrong, without the model's name.</param>
/// <param name="innerException">Cause.</param>
internal sealed class DownloadException(string reason, Exception? innerException = null) : Exception(reason, innerException);
