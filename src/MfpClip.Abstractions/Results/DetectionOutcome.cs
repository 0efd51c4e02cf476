using System.Runtime.ExceptionServices;

namespace MfpClip;

/// <summary>What became of one image among several: a result, or why there is none.</summary>
public sealed record DetectionOutcome
{
    /// <summary>Name of the image, usually its path.</summary>
    public required string ImageName { get; init; }

    /// <summary>The result; <see langword="null"/> where the image could not be detected.</summary>
    public AnomalyResult? Result { get; init; }

    /// <summary>
    /// Why there is no result; <see langword="null"/> where there is one. A caller that writes outcomes on sets both where the image was detected, but what it
    /// did with the result failed.
    /// </summary>
    public Exception? Error { get; init; }

    /// <summary>The result, or its error as it was thrown.</summary>
    /// <exception cref="Exception"><see cref="Error"/>, where there is no result.</exception>
    public AnomalyResult GetResult()
    {
        if (Result is null && Error is not null)
        {
            ExceptionDispatchInfo.Throw(Error);
        }

        return Result ?? throw new InvalidOperationException($"The outcome of '{ImageName}' has neither a result nor an error.");
    }

    /// <summary>One line: the result, or the error.</summary>
    public override string ToString() => Error is null ? Result?.ToString() ?? ImageName : $"{ImageName}: {Error.Message.ReplaceLineEndings(" ")}";

    internal static DetectionOutcome Of(AnomalyResult result) => new() { ImageName = result.ImageName, Result = result };

    internal static DetectionOutcome Of(string name, Exception error) => new() { ImageName = name, Error = error };
}
