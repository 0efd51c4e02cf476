using MfpClip.Diagnostics;
using MfpClip.References;

namespace MfpClip;

/// <summary>Normal images beside the method: see <see cref="ReferenceOptions"/>.</summary>
/// <remarks>
/// A memory bank of patch tokens (PatchCore family, arXiv 2106.08265, which the paper cites); joining it with a zero-shot map is this
/// library's own addition, not the paper's. Every method here returns a new detector that shares the weights of this one; either can be
/// disposed first. A calibration does not go along, for scores change with the references: calibrate the new detector.
/// </remarks>
public sealed partial class ZeroShotDetector
{
    /// <summary>The memory bank of reference images; <see langword="null"/>: nothing.</summary>
    public ReferenceSummary? References => (_pass as ReferencedPass)?.Bank.Summary;

    /// <summary>A detector that also compares with these normal images, and with no others.</summary>
    /// <param name="images">Normal images, at least one. Copies of the same image count once.</param>
    /// <param name="options">How they are stored.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <exception cref="ReferenceException">There is none, or some cannot be read (all of those are named); nothing is changed.</exception>
    /// <exception cref="DetectorConfigurationException">The options are wrong.</exception>
    public ZeroShotDetector WithReferences(
        IReadOnlyList<ImageInput> images, ReferenceOptions? options = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return CreateWithReferences([], images, Checked(options ?? new()), progress, cancellationToken);
    }

    /// <summary>A detector that compares with these normal images, too. Those stored before are not recomputed.</summary>
    /// <param name="images">Normal images; without references so far, the first ones.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <exception cref="ReferenceException">There is none, or some cannot be read; nothing is changed.</exception>
    public ZeroShotDetector AddReferences(IReadOnlyList<ImageInput> images, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var bank = (_pass as ReferencedPass)?.Bank;
        return CreateWithReferences(bank?.Entries ?? [], images, bank?.Options ?? new(), progress, cancellationToken);
    }

    /// <summary>A detector that forgets some of its normal images. The others are not computed again.</summary>
    /// <param name="idsOrNames">Ids or names from <see cref="ReferenceSummary.Images"/>.</param>
    /// <exception cref="ReferenceException">One of them is not stored, or none would be left.</exception>
    public ZeroShotDetector RemoveReferences(params IReadOnlyList<string> idsOrNames)
    {
        ArgumentNullException.ThrowIfNull(idsOrNames);
        using var use = Enter();
        var bank = (_pass as ReferencedPass)?.Bank ?? throw new ReferenceException(null, "this detector has none.");
        if (idsOrNames.FirstOrDefault(n => !bank.Entries.Any(e => e.Id == n || e.Name == n)) is { } unknown)
        {
            throw new ReferenceException(unknown, $"it is not stored; there are {string.Join(", ", bank.Entries.Select(e => e.Name))}.");
        }

        var left = bank.Entries.Where(e => !idsOrNames.Contains(e.Id) && !idsOrNames.Contains(e.Name)).ToList();
        return left.Count > 0 ? WithBank(new(left, bank.Options, _pass.Device, [])) : throw new ReferenceException(
            null, "none would be left; use the detector without references.");
    }

    /// <summary>A detector with the references of a file.</summary>
    /// <param name="path">As written by <see cref="SaveReferences"/>.</param>
    /// <exception cref="WeightsException">It is damaged, or taken with other weights or at another image size.</exception>
    public ZeroShotDetector WithReferenceFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var use = Enter();
        var (entries, options) = ReferenceFile.Load(path, Describe(Method, _settings));
        try
        {
            return WithBank(new(entries, options, _pass.Device, []));
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
        using var use = Enter();
        var bank = (_pass as ReferencedPass)?.Bank ?? throw new ReferenceException(null, "there are none to save.");
        ReferenceFile.Save(path, bank, Describe(Method, _settings));
    }

    /// <summary>A detector with a calibration that shares everything with this one; either can be disposed first.</summary>
    /// <param name="calibration">Made with this detector; <see langword="null"/>: none.</param>
    public ZeroShotDetector WithCalibration(ScoreCalibration? calibration)
    {
        using var use = Enter();
        return new(_shared.Acquire(), _settings with
        {
            Calibration = calibration, Recipe = _settings.Recipe is { } r ? r with { Calibration = calibration } : null,
        });
    }

    private ZeroShotDetector CreateWithReferences(
        IReadOnlyList<ReferenceEntry> known, IReadOnlyList<ImageInput> images, ReferenceOptions options, IProgress<int>? progress,
        CancellationToken cancellationToken)
    {
        if (images.Count == 0)
        {
            throw new ReferenceException(null, "there is no image. Give at least one normal image.");
        }

        using var use = Enter();
        var (read, warnings) = new ReferenceReader(Method, _settings.Input, _settings.Logger, options)
            .Read(images, known.Select(k => k.Id).ToHashSet(StringComparer.Ordinal), progress, cancellationToken);
        try
        {
            return WithBank(new([.. known, .. read], options, _pass.Device, warnings, cancellationToken));
        }
        finally
        {
            read.ForEach(e => e.Dispose());
        }
    }

    private ZeroShotDetector WithBank(MemoryBank bank)
    {
        foreach (string warning in bank.Summary.Warnings)
        {
            DetectorLog.References(_settings.Logger, warning);
        }

        var method = _pass is ReferencedPass referenced ? referenced.Shared : _shared;
        var remembered = new ReferencesRecipe { Images = [.. bank.Entries.Select(e => e.Name)], Options = bank.Options };
        var recipe = _settings.Recipe is { } r ? r with { References = remembered, Calibration = null } : null;
        return new(new ReferencedPass(method.Acquire(), bank), _settings with { Calibration = null, Recipe = recipe });
    }

    private static ReferenceOptions Checked(ReferenceOptions options) =>
        options.Faults().ToList() is { Count: > 0 } faults ? throw new DetectorConfigurationException(faults) : options;
}
