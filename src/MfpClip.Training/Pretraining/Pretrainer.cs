using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Files;
using MfpClip.Methods.Mfp;
using MfpClip.Weights;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// Makes a small CLIP with its MFP-CLIP modules from images with captions: features of the frozen network are cached on disk, then towers
/// and modules are trained together. A broken-off run goes on where its last checkpoint is.
/// </summary>
public static class Pretrainer
{
    /// <summary>Runs.</summary>
    /// <param name="source">Images.</param>
    /// <param name="options">Settings.</param>
    /// <param name="progress">Called every few steps.</param>
    /// <param name="cancellationToken">Stops; a later run with the same options goes on.</param>
    /// <exception cref="WeightsException">The network's weights cannot be read.</exception>
    /// <exception cref="TrainingException">The loss is not finite, or stored features are damaged.</exception>
    /// <exception cref="OutputException">A file cannot be written, or another run writes to the folder.</exception>
    public static PretrainingResult Run(IPretrainingSource source, PretrainingOptions options, IProgress<PretrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Threads is { } threads)
        {
            ThreadLimit.Set(threads);
        }

        using var held = FolderLock.Take(options.Folder);
        using var file = WeightFile.Open(options.CnnPath);
        using var cnn = EfficientNetLiteFeatureExtractor.Load(file, HybridMfpClip.CnnInputSize);
        using var backbone = HybridBackbone.CreateRandom(options.Model, options.Seed, new() { Device = options.Device }, file);
        cnn.To(backbone.Vision.Device);
        var frozen = new FrozenFeatures(backbone, cnn, file.ComputeSha256());
        using var training = Cache(source, options, frozen, heldOut: false, progress, cancellationToken);
        using var validation = Cache(source, options, frozen, heldOut: true, progress, cancellationToken);
        using var session = new PretrainingSession(options, frozen, backbone, cnn, file, training, validation);
        return session.Run(progress, cancellationToken);
    }

    private static FeatureCache Cache(
        IPretrainingSource source, PretrainingOptions options, FrozenFeatures frozen, bool heldOut, IProgress<PretrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        int count = heldOut ? options.ValidationImages : options.Images;
        return FeatureCache.Open(
            Path.Combine(options.Folder, heldOut ? "features-held-out" : "features"), source, heldOut, count, frozen,
            n => progress?.Report(new(heldOut ? "features of held-out categories" : "features", n, count, null, null)), cancellationToken);
    }
}

/// <summary>How far a pretraining is.</summary>
/// <param name="Phase">What it does.</param>
/// <param name="Done">Images or steps done.</param>
/// <param name="Total">All of them.</param>
/// <param name="Loss">Loss since the last report, in training.</param>
/// <param name="Validation">Result of a validation.</param>
public sealed record PretrainingProgress(string Phase, long Done, long Total, double? Loss, PretrainingScore? Validation);

/// <summary>Results on images of held-out categories: means over the categories, in percent.</summary>
/// <param name="ImageAuroc">Half of the class token's score and half of the map's highest values against the label.</param>
/// <param name="ImageAurocOfMap">The mean of the map's highest 1 % alone.</param>
/// <param name="PixelAuroc">The map at stride 4.</param>
public sealed record PretrainingScore(double ImageAuroc, double ImageAurocOfMap, double PixelAuroc);

/// <summary>What a pretraining made.</summary>
/// <param name="Backbone">File of the CLIP model, for <c>UseBackbone</c>.</param>
/// <param name="Modules">File of the modules, for <c>WithModuleWeights</c>.</param>
/// <param name="Score">Of the weights that were kept: the last ones or their average, whichever is better on held-out categories.</param>
public sealed record PretrainingResult(string Backbone, string Modules, PretrainingScore Score);
