using MfpClip.Native;
using Microsoft.Extensions.Logging;

namespace MfpClip.Diagnostics;

/// <summary>Everything this library logs.</summary>
internal static partial class DetectorLog
{
    [LoggerMessage(1, LogLevel.Information, "Detector built: {Method} on {Device} in {Precision}, weights {WeightsHash}")]
    public static partial void Built(ILogger logger, string method, string device, string precision, string weightsHash);

    [LoggerMessage(2, LogLevel.Information, "{Message}")]
    public static partial void NativeRepaired(ILogger logger, string message);

    [LoggerMessage(3, LogLevel.Warning, "The backbone has random weights: maps and scores mean nothing")]
    public static partial void RandomWeights(ILogger logger);

    [LoggerMessage(4, LogLevel.Warning, "libtorch lost a number on the way (a rare fault of TorchSharp): computed once more")]
    public static partial void ScalarFault(ILogger logger);

    [LoggerMessage(20, LogLevel.Warning, "References: {Message}")]
    public static partial void References(ILogger logger, string message);

    [LoggerMessage(21, LogLevel.Warning, "Calibration: {Message}")]
    public static partial void Calibration(ILogger logger, string message);
}
