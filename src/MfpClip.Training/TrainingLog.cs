using MfpClip.Backbones;
using Microsoft.Extensions.Logging;

namespace MfpClip.Training;

/// <summary>Everything a training logs.</summary>
internal static partial class TrainingLog
{
    [LoggerMessage(100, LogLevel.Information, "Training {Method} on {Data}: {Weights} values in {Tensors} tensors, {Epochs} epochs of {Steps} steps")]
    public static partial void Started(ILogger logger, string method, string data, long weights, int tensors, int epochs, int steps);

    [LoggerMessage(101, LogLevel.Information, "Resumed from {Checkpoint} at epoch {Epoch}, step {Step}")]
    public static partial void Resumed(ILogger logger, string checkpoint, int epoch, int step);

    [LoggerMessage(102, LogLevel.Information, "Epoch {Epoch} of {Epochs}: loss {Loss:g5}, learning rate {LearningRate:g4}, {Seconds:f1} s")]
    public static partial void Epoch(ILogger logger, int epoch, int epochs, double loss, double learningRate, double seconds);

    [LoggerMessage(103, LogLevel.Information, "Stopped at epoch {Epoch}, step {Step}; resumable from {Checkpoint}")]
    public static partial void Stopped(ILogger logger, int epoch, int step, string checkpoint);

    [LoggerMessage(104, LogLevel.Error, "Diverged: {Message}")]
    public static partial void Diverged(ILogger logger, string message);

    [LoggerMessage(105, LogLevel.Warning,
        "No frozen weights can be seen (backbone or CNN of the user's own without IFrozenNetwork): that they do not change is not checked")]
    public static partial void NoFrozenWeights(ILogger logger);

    [LoggerMessage(107, LogLevel.Warning, "The checkpoint {Checkpoint} is of version 0.1: that modules and options are those it was started with cannot be "
        + "checked, beyond names and shapes of tensors")]
    public static partial void CompositionNotChecked(ILogger logger, string checkpoint);

    [LoggerMessage(106, LogLevel.Warning, "The loss curves could not be drawn: {Message}")]
    public static partial void NoCurves(ILogger logger, string message);

    [LoggerMessage(108, LogLevel.Warning, "TensorBoard's event file cannot be written any further: {Message}")]
    public static partial void NoEvents(ILogger logger, string message);
}
