using MfpClip.Calibration;
using MfpClip.Diagnostics;
using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;
using MfpClip.References;

namespace MfpClip;

/// <summary>Normal images beside the method: see <see cref="ReferenceOptions"/>.</summary>
/// <remarks>
/// A memory bank of patch tokens (PatchCore family, arXiv 2106.08265, which the paper cites); joining it with a zero-shot map is this
/// library's own addition, not the paper's. Every method here returns a new detector that shares the weights of this one; either can be
/// disposed first. Scores change with the references, so a calibrated detector refuses other ones: join them first, then calibrate.
/// </remarks>
public sealed partial class ZeroShotDetector
{
    /// <summary>The memory bank of reference images, or of a tested batch (<see cref="IsBatched"/>); <see langword="null"/>: nothing.</summary>
    public ReferenceSummary? References => (_pass as ReferencedPass)?.Bank.Summary;

    /// <summary>Whether the method judges by normal images alone, so that nothing is detected without <see cref="References"/>.</summary>
    public bool NeedsReferences => Scheme.NeedsReferences;

    /// <summary>A detector that also compares with these normal images, and with no others.</summary>
    /// <param name="images">Normal images, at least one. Copies of the same image count once.</param>
    /// <param name="options">How they are stored.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <exception cref="ReferenceException">There is none, or some cannot be read (all of those are named); nothing is changed.</exception>
    /// <exception cref="DetectorConfigurationException">The options are wrong.</exception>
    /// <exception cref="CalibrationException">This detector has a calibration that was not made with them.</exception>
    public ZeroShotDetector WithReferences(
        IReadOnlyList<ImageInput> images, ReferenceOptions? options = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return CreateWithReferences([], images, Checked(Resolved(options)), progress, cancellationToken);
    }

    /// <summary>A detector that compares with these normal images, too. Those stored before are not recomputed.</summary>
    /// <param name="images">Normal images; without references so far, the first ones.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <exception cref="ReferenceException">There is none, or some cannot be read; nothing is changed.</exception>
    /// <exception cref="CalibrationException">This detector has a calibration that was not made with them.</exception>
    public ZeroShotDetector AddReferences(IReadOnlyList<ImageInput> images, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        RefuseBatch();
        var bank = (_pass as ReferencedPass)?.Bank;
        return CreateWithReferences(bank?.Entries ?? [], images, bank?.Options ?? Resolved(null), progress, cancellationToken);
    }

    /// <summary>A detector that forgets some of its normal images. The others are not computed again.</summary>
    /// <param name="idsOrNames">Ids or names from <see cref="ReferenceSummary.Images"/>.</param>
    /// <exception cref="ReferenceException">One of them is not stored, or none would be left.</exception>
    /// <exception cref="CalibrationException">This detector has a calibration that was made with them.</exception>
    public ZeroShotDetector RemoveReferences(params IReadOnlyList<string> idsOrNames)
    {
        ArgumentNullException.ThrowIfNull(idsOrNames);
        RefuseBatch();
        using var use = Enter();
        var bank = (_pass as ReferencedPass)?.Bank ?? throw new ReferenceException(null, "this detector has none.");
        return WithBank(new(Scheme, ReferenceNames.Without(bank.Entries, idsOrNames), bank.Options, _pass.Device, []));
    }

    /// <summary>A detector with the references of a file.</summary>
    /// <param name="path">As written by <see cref="SaveReferences"/>.</param>
    /// <param name="weight">Weight of the references against the method's own map and score, 0 to 1; <see langword="null"/>: as the file says.</param>
    /// <exception cref="WeightsException">It is damaged, or taken with other weights or at another image size.</exception>
    /// <exception cref="DetectorConfigurationException">The weight is outside its range.</exception>
    /// <exception cref="CalibrationException">This detector has a calibration that was not made with them.</exception>
    public ZeroShotDetector WithReferenceFile(string path, double? weight = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Checked(new ReferenceOptions { Weight = weight });
        using var use = Enter();
        var (entries, options) = ReferenceFileFormat.Load(path, Describe(Method, _settings), Scheme);
        try
        {
            var recipe = new ReferencesRecipe { File = path, Options = weight is null ? null : new() { Weight = weight } };
            return WithBank(new(Scheme, entries, weight is null ? options : options with { Weight = weight }, _pass.Device, []), recipe);
        }
        finally
        {
            entries.ForEach(e => e.Dispose());
        }
    }

    /// <summary>Writes the references as one safetensors file; atomic. No pixels are in it.</summary>
    /// <param name="path">The file to be made.</param>
    /// <exception cref="ReferenceException">There are none.</exception>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void SaveReferences(string path)
    {
        RefuseBatch();
        using var use = Enter();
        var bank = (_pass as ReferencedPass)?.Bank ?? throw new ReferenceException(null, "there are none to save.");
        ReferenceFileFormat.Save(path, bank.Entries, bank.Options, ReferenceOrigin.Of(Describe(Method, _settings), Scheme));
    }

    /// <summary>A detector with a calibration that shares everything with this one; either can be disposed first.</summary>
    /// <param name="calibration">Made with this detector; <see langword="null"/>: none.</param>
    /// <exception cref="CalibrationException">It was made with another detector; lists what differs.</exception>
    public ZeroShotDetector WithCalibration(ScoreCalibration? calibration)
    {
        using var use = Enter();
        if (calibration is not null)
        {
            CalibrationCheck.Detector(calibration, Description);
            foreach (string notice in calibration.Identity is null ? calibration.Notices : [])
            {
                DetectorLog.Calibration(_settings.Logger, notice);
            }
        }

        return new(_shared.Acquire(), _settings with
        {
            Calibration = calibration, Recipe = _settings.Recipe is { } r ? r with { Calibration = calibration } : null,
        });
    }

    // Of the method alone: references are read at one size.
    private IReferenceScheme Scheme => ReferencedPass.SchemeOf(Method);

    private (TilingOptions, TileInput)? Tiles => _settings.Tiling is { } tiling ? (tiling, _tileInput!) : null;

    // A tile's usual distance says nothing of the image's look, so it is not taken out: a defect that fills a tile would go with it.
    private ReferenceOptions Resolved(ReferenceOptions? options) =>
        Scheme.Resolve(options) is var resolved && _settings.Tiling is null ? resolved : resolved with { Join = ReferenceJoin.Fixed };

    /// <summary>A detector with references that its method brought.</summary>
    internal ZeroShotDetector WithStored(ReferenceEntry entry) =>
        WithBank(new(Scheme, [entry], Scheme.Resolve(null), _pass.Device, []), inRecipe: false);

    private ZeroShotDetector CreateWithReferences(
        IReadOnlyList<ReferenceEntry> known, IReadOnlyList<ImageInput> images, ReferenceOptions options, IProgress<int>? progress,
        CancellationToken cancellationToken)
    {
        if (images.Count == 0)
        {
            throw new ReferenceException(null, "there is no image. Give at least one normal image.");
        }

        using var use = Enter();
        var (read, warnings) = new ReferenceReader(Scheme, _settings.Input, _settings.Logger, options, Tiles)
            .Read(images, known, progress, cancellationToken);
        try
        {
            return WithBank(new(Scheme, [.. known, .. read], options, _pass.Device, warnings, cancellationToken));
        }
        finally
        {
            read.ForEach(e => e.Dispose());
        }
    }

    private ZeroShotDetector WithBank(MemoryBank bank, ReferencesRecipe? source = null, bool inRecipe = true)
    {
        foreach (string warning in bank.Summary.Warnings)
        {
            DetectorLog.References(_settings.Logger, warning);
        }

        var method = _pass is ReferencedPass referenced ? referenced.Shared : _shared;
        source ??= new() { Images = [.. bank.Entries.Select(e => e.Name)], Options = bank.Options };
        var settings = _settings with { Recipe = _settings.Recipe is { } r ? r with { References = inRecipe ? source : null } : null };
        var pass = new ReferencedPass(method.Acquire(), bank);
        try
        {
            if (Calibration is { } calibration)
            {
                CalibrationCheck.Detector(calibration, Describe(pass, settings), "The calibration of the detector whose references are to change");
            }

            return new(pass, settings);
        }
        catch
        {
            pass.Dispose();
            throw;
        }
    }

    private static ReferenceOptions Checked(ReferenceOptions options) =>
        options.Faults().ToList() is { Count: > 0 } faults ? throw new DetectorConfigurationException(faults) : options;
}
