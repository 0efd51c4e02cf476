using System.Runtime.InteropServices;
using MfpClip.Diagnostics;
using Microsoft.Extensions.Logging;

namespace MfpClip.Native;

/// <summary>
/// A rare fault of TorchSharp 0.107: the garbage collector may free a number that is an argument while libtorch reads it (pull requests 1434 and
/// 1496 there). What hangs on its arguments alone is computed once more.
/// </summary>
internal static class ScalarFault
{
    // What is read may be anything: a type that is none, or one that is not requested. Both are noticed in libtorch's Scalar.h, of which no correct call
    // complains.
    private const string Message = "Scalar.h";

    /// <summary>Computes; after that fault once more.</summary>
    /// <param name="compute">Has no effect but its result, and disposes what it makes when it throws.</param>
    /// <param name="logger">Logs when it happened.</param>
    public static T Retry<T>(Func<T> compute, ILogger logger)
    {
        try
        {
            return compute();
        }
        catch (ExternalException e) when (e.Message.Contains(Message, StringComparison.Ordinal))
        {
            DetectorLog.ScalarFault(logger);
            return compute();
        }
    }
}
