using MfpClip.References;

namespace MfpClip;

/// <content>From a folder of normal images of any size to a file of references.</content>
public sealed partial class ZeroShotDetector
{
    /// <summary>
    /// Makes a file of references from any number of normal images, and a detector with them. A fit that broke off goes on: images that are stored, in the
    /// file or beside it, are not computed again. Images that cannot be read are reported and left out.
    /// </summary>
    /// <param name="path">The file; written atomically at the end. What is in it stays, the images are added.</param>
    /// <param name="images">Normal images. Each is decoded once; copies count once.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Called after each image.</param>
    /// <param name="cancellationToken">Checked between images; what is done is saved first.</param>
    /// <returns>This detector with the references.</returns>
    /// <exception cref="ReferenceException">No image can be read.</exception>
    /// <exception cref="WeightsException">The file, or what is beside it, is damaged or of another detector; it stays as it is.</exception>
    /// <exception cref="DetectorConfigurationException">The options are wrong, or others than the file was made with.</exception>
    /// <exception cref="OutputException">The file cannot be written.</exception>
    /// <exception cref="CalibrationException">This detector has a calibration that was not made with them.</exception>
    public ZeroShotDetector FitReferences(
        string path, IReadOnlyList<ImageInput> images, ReferenceFitOptions? options = null, IProgress<ReferenceFitProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(images);
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SaveEvery, 1, nameof(options));
        using var use = Enter();
        string unfinished = ReferenceFitOptions.PartialFile(path);
        var (entries, stored) = Stored(path, unfinished, options.References);
        var resolved = stored ?? Checked(Resolved(options.References));
        var warnings = new List<string>();
        var origin = ReferenceOrigin.Of(Describe(Method, _settings), Scheme);
        int done = 0, computed = 0, unsaved = 0;
        try
        {
            var reader = new ReferenceReader(Scheme, _settings.Input, _settings.Logger, resolved, Tiles);
            foreach (var (isNew, unreadable) in reader.Add(images, entries, warnings, cancellationToken))
            {
                (computed, unsaved) = isNew ? (computed + 1, unsaved + 1) : (computed, unsaved);
                progress?.Report(new(++done, images.Count, computed, unreadable));
                if (unsaved >= Math.Max(options.SaveEvery, entries.Count / 10))
                {
                    ReferenceFileFormat.Save(unfinished, entries, resolved, origin);
                    unsaved = 0;
                }
            }

            if (entries.Count == 0)
            {
                throw new ReferenceException(null, images.Count == 0 ? "there is no image. Give at least one normal image."
                    : $"none of {images.Count} images can be read: {string.Join(" ", warnings.Take(3))}");
            }

            var fitted = WithBank(new(Scheme, entries, resolved, _pass.Device, warnings, cancellationToken));
            try
            {
                fitted.SaveReferences(path);
                File.Delete(unfinished);
                return fitted;
            }
            catch
            {
                fitted.Dispose();
                throw;
            }
        }
        catch when (Save())
        {
            throw;
        }
        finally
        {
            entries.ForEach(e => e.Dispose());
        }

        // What was computed is kept, whatever ended the fit; never in place of its error.
        bool Save()
        {
            try
            {
                if (unsaved > 0)
                {
                    ReferenceFileFormat.Save(unfinished, entries, resolved, origin);
                }
            }
            catch (OutputException)
            {
                // The error that ended the fit is the one to tell.
            }

            return true;
        }
    }

    // What a fit goes on from: what it left beside the file, else the file.
    private (List<ReferenceEntry> Entries, ReferenceOptions? Options) Stored(string path, string unfinished, ReferenceOptions? wanted)
    {
        string? source = File.Exists(unfinished) ? unfinished : File.Exists(path) ? path : null;
        if (source is null)
        {
            return ([], null);
        }

        var (entries, options) = ReferenceFileFormat.Load(source, Describe(Method, _settings), Scheme);
        if (wanted is null || ReferenceFileFormat.Text(Checked(Resolved(wanted))) == ReferenceFileFormat.Text(options))
        {
            return (entries, options);
        }

        entries.ForEach(e => e.Dispose());
        throw new DetectorConfigurationException(
            [$"'{source}' was made with other reference options. Leave them out to add to it, or remove it to begin anew."]);
    }
}
