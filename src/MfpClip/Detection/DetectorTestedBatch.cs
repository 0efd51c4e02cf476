using MfpClip.References;

namespace MfpClip;

/// <content>Images that are judged by one another, without normal ones.</content>
public sealed partial class ZeroShotDetector
{
    /// <summary>Whether images are compared with the tested batch that they belong to (<see cref="WithTestedBatch"/>).</summary>
    public bool IsBatched => (_pass as ReferencedPass)?.IsBatch == true;

    /// <summary>
    /// A detector that judges images by the tested batch they belong to, without normal images: what most images of the batch show is taken for usual.
    /// AnomalyDINO compares each image with all others (arXiv 2405.14529, batched zero-shot); SubspaceAD fits its subspace on all of them. Detect the same
    /// images with it afterwards. Beside a joined method the zero-shot one keeps its say.
    /// </summary>
    /// <remarks>
    /// Memory is bounded as that of references is: while it suffices all patches are kept and no network runs for an image again, beyond it a part of each
    /// image stands for it. Scores depend on the batch, so no calibration holds for another one, and neither recipe nor file keeps it.
    /// </remarks>
    /// <param name="images">The images that are to be tested, two at least. Those that cannot be read are left out, and named in the warnings of
    /// <see cref="References"/>; copies count once. They are read again when they are detected: give files or pixels, not streams.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <exception cref="DetectorConfigurationException">The method cannot; those that can are named; or images are cut into tiles.</exception>
    /// <exception cref="ReferenceException">Fewer than two different images can be read.</exception>
    /// <exception cref="CalibrationException">This detector has a calibration.</exception>
    public ZeroShotDetector WithTestedBatch(IReadOnlyList<ImageInput> images, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var scheme = Scheme.TestedBatch ?? throw new DetectorConfigurationException(
            [$"{Description.Method} does not compare tested images with one another. Methods that do: AnomalyDINO (UseAnomalyDino) and SubspaceAD "
                + "(UseSubspaceAd), alone or joined with another one (JoinWith)."]);
        if (_settings.Tiling is not null)
        {
            throw new DetectorConfigurationException(["A tested batch is read as whole images; leave the tiling out."]);
        }

        using var use = Enter();
        var options = Checked(scheme.Resolve(null));
        var (entries, warnings) = (new List<ReferenceEntry>(), new List<string>());
        try
        {
            int done = 0;
            foreach (var _ in new ReferenceReader(scheme, _settings.Input, _settings.Logger, options).Add(images, entries, warnings, cancellationToken))
            {
                progress?.Report(++done);
            }

            return entries.Count < 2 ? throw new ReferenceException(
                    null, $"{entries.Count} of {images.Count} can be compared: a batch without references needs two different images at least. "
                        + string.Join(" ", warnings.Take(3)))
                : WithBank(new(scheme, entries, options, _pass.Device, warnings, cancellationToken), inRecipe: false);
        }
        finally
        {
            entries.ForEach(e => e.Dispose());
        }
    }

    private void RefuseBatch()
    {
        if (IsBatched)
        {
            throw new ReferenceException(null, "this detector has a tested batch instead, which is neither added to nor stored: defects may be among it. Use "
                + "WithReferences with normal images, or WithTestedBatch with all images that are to be tested.");
        }
    }
}
