using MfpClip.Backbones;
using MfpClip.Detection.Composing;
using MfpClip.Detection.Recipes;
using MfpClip.Detection.Tiling;
using MfpClip.Diagnostics;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;
using MfpClip.Native;
using MfpClip.Objectives;
using MfpClip.Pipeline;
using MfpClip.References;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip;

/// <summary>A composed detector: decodes, prepares, runs the forward pass and reads the result. Made by <see cref="ZeroShotDetectorBuilder"/>.</summary>
/// <remarks>Safe for concurrent callers. <see cref="Dispose"/> waits for calls in flight.</remarks>
public sealed partial class ZeroShotDetector : IZeroShotDetector
{
    private readonly IDetectionPass _pass;
    private readonly SharedPass _shared;
    private readonly DetectorSettings _settings;
    private readonly Lazy<ScoreIdentity> _identity;
    private readonly IStoredImages? _stored;
    private readonly IMapReading? _mapReading;
    private readonly bool _readsOriginals;
    private readonly TileInput? _tileInput;
    private readonly ImageShrinkage _shrinkage;
    // Detectors whose calls run on this thread.
    [ThreadStatic]
    private static List<ZeroShotDetector>? _inside;

    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _idle = new(initialState: true);
    private int _active;
    private bool _disposed;

    /// <summary>A detector around a forward pass that needs no backbone, as baselines are; methods with a backbone are composed with a builder.</summary>
    /// <param name="pass">The pass; the detector owns and disposes it.</param>
    /// <param name="input">How images become its input.</param>
    /// <param name="batchSize">Images in one forward pass at most, at least 1.</param>
    /// <param name="tiling">How large images are cut into tiles; <see langword="null"/>: every image is read as a whole.</param>
    /// <exception cref="DetectorConfigurationException">The tiling is wrong.</exception>
    public static ZeroShotDetector FromPass(IDetectionPass pass, InputSettings input, int batchSize = 4, TilingOptions? tiling = null)
    {
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        return tiling?.Faults().ToList() is { Count: > 0 } faults ? throw new DetectorConfigurationException(faults)
            : new(pass, new DetectorSettings { Input = input, BatchSize = batchSize, Tiling = tiling, Logger = NullLogger.Instance });
    }

    internal ZeroShotDetector(IDetectionPass pass, DetectorSettings settings)
        : this(new SharedPass(pass), settings)
    {
    }

    private ZeroShotDetector(SharedPass shared, DetectorSettings settings)
    {
        (_pass, _shared, _settings) = (shared.Pass, shared, settings);
        Description = Describe(_pass, settings);
        _identity = new(() => ScoreIdentity.Of(Description));
        _stored = _pass.GetService<IStoredImages>();
        _mapReading = _pass as IMapReading;
        _readsOriginals = _pass is ReferencedPass { Inner: BesidePass };
        int patch = _pass.GetService<IVisionBackbone>()?.Vision.PatchSize ?? TileInput.DefaultPatch;
        _shrinkage = new(settings.Input.Preprocessor.Size, patch);
        _tileInput = settings.Tiling is null ? null : TileInput.Of(settings.Input.Preprocessor, patch);
        if (NativeBackend.TryClaimLogging())
        {
            DetectorLog.NativeRepaired(settings.Logger, string.Join(" ", NativeBackend.Messages));
        }

        DetectorLog.Built(settings.Logger, Description.Method, Description.Device, Description.Precision, Description.WeightsHash);
    }

    /// <inheritdoc/>
    public DetectorDescription Description { get; }

    /// <inheritdoc/>
    public ScoreCalibration? Calibration => _settings.Calibration;

    /// <summary>How images are decoded, bounded and brought to the input size.</summary>
    public InputSettings Input => _settings.Input;

    /// <summary>How images are cut into tiles; <see langword="null"/>: every image is read as a whole.</summary>
    public TilingOptions? Tiling => _settings.Tiling;

    /// <summary>Whether the method, in this composition, has weights to train.</summary>
    public bool IsTrainable => _pass.Trainable is not null;

    internal IDetectionPass Pass => _pass;

    /// <summary>The pass, which is the caller's from then on; this detector can only be disposed.</summary>
    internal IDetectionPass TakePass()
    {
        _shared.Acquire();
        return _pass;
    }

    /// <summary>Everything it is composed of, to be stored, shared and built again with <see cref="ZeroShotDetectorBuilder.From"/>.</summary>
    /// <exception cref="DetectorConfigurationException">It was made from a forward pass without a builder, as baselines are.</exception>
    public DetectorRecipe Recipe =>
        _settings.Recipe ?? throw new DetectorConfigurationException([$"{Description.Method} was not made by a builder and has no recipe."]);

    /// <summary>The method alone, without references and other scales.</summary>
    internal IDetectionPass Method =>
        (_pass is References.ReferencedPass referenced ? referenced.Inner : _pass) is var method && method is MultiScalePass scaled ? scaled.Inner : method;

    internal DetectorSettings Settings => _settings;

    /// <inheritdoc/>
    public AnomalyResult Detect(ImageInput image, DetectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        return DetectBatch([image], options, cancellationToken)[0];
    }

    /// <inheritdoc/>
    public IReadOnlyList<AnomalyResult> DetectBatch(
        IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
        {
            throw new ArgumentException("At least one image is needed.", nameof(images));
        }

        options = Checked(options);
        if (_settings.Tiling is not null)
        {
            return [.. RunTiles(images, options, cancellationToken).Select(o => o.GetResult())];
        }

        var results = new List<AnomalyResult>(images.Count);
        foreach (var chunk in images.Chunk(_settings.BatchSize))
        {
            results.AddRange(PrepareAndRun(chunk, options, cancellationToken));
        }

        return results;
    }

    /// <summary>How this detector's method is trained. What is trained changes this detector; do not detect meanwhile.</summary>
    /// <exception cref="DetectorConfigurationException">The method, or this composition of it, has nothing to train.</exception>
    /// <exception cref="CalibrationException">It is calibrated: training would change what its threshold holds for.</exception>
    public ITrainableMethod GetTrainable() => Calibration is not null
        ? throw new CalibrationException("Training changes the scores that this detector's calibration holds for. Train it without: WithCalibration(null).")
        : _pass.Trainable ?? throw new DetectorConfigurationException(
            [$"{Description.Method} in this composition has no weights to train. Choose a method with learned modules, or switch one on."]);

    /// <summary>Writes the trained modules as one safetensors file with metadata; atomic.</summary>
    /// <param name="path">The file to be made.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    /// <exception cref="DetectorConfigurationException">The method has no modules.</exception>
    public void SaveModules(string path)
    {
        using var use = Enter();
        var weights = _pass.TrainedWeights is { Count: > 0 } trained ? trained
            : throw new DetectorConfigurationException([$"{Description.Method} has no trained modules to save."]);
        ModuleCheckpointFile.Save(path, weights, Description);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A module or pass calls it from inside a call of this detector, which it would wait for.</exception>
    public void Dispose()
    {
        if (_inside?.Contains(this) == true)
        {
            throw new InvalidOperationException("A detector cannot be disposed by what runs inside it: the call would wait for itself. Dispose it afterwards.");
        }

        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _idle.Wait();
        _shared.Release();
        _idle.Dispose();
    }

    /// <summary>A detector whose forward passes run under this context; it shares everything with this one, and either can be disposed first.</summary>
    /// <param name="context">
    /// Kernels and trace of every call, whichever thread runs it; its cancellation is each call's own. With a trace, call it from one thread at
    /// a time: the trace holds the tensors of the last batch.
    /// </param>
    public ZeroShotDetector WithContext(ForwardContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        using var use = Enter();
        return new(_shared.Acquire(), _settings with { Context = context });
    }

    /// <summary>
    /// A detector that keeps what its frozen networks compute of images; it shares everything else with this one, and either can be disposed first.
    /// </summary>
    /// <param name="store">Stays the caller's, and must outlive the detector's calls; <see langword="null"/>: all is computed each time.</param>
    public ZeroShotDetector WithFeatureStore(IFeatureStore? store) => WithContext(_settings.Context with { Features = store });

    /// <summary>A detector of another pass around this one's, with the same input and context and no calibration; either can be disposed first.</summary>
    /// <param name="make">Takes this detector's pass, without references; the pass that it returns disposes it.</param>
    /// <exception cref="ArgumentException"><paramref name="make"/> returned <see langword="null"/>.</exception>
    /// <example><code>using var twice = detector.WithPass(inner => new MyPass(inner));</code></example>
    public ZeroShotDetector WithPass(Func<IDetectionPass, IDetectionPass> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        using var use = Enter();
        var shared = _pass is References.ReferencedPass referenced ? referenced.Shared : _shared;
        var handle = new SharedPassHandle(shared.Acquire());
        try
        {
            var pass = make(handle) ?? throw new ArgumentException("It returned no pass.", nameof(make));
            return new(pass, _settings with { Calibration = null, Recipe = null });
        }
        catch
        {
            handle.Dispose(); // nobody else will
            throw;
        }
    }

    private Use Enter()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _active++;
            _idle.Reset();
        }

        (_inside ??= []).Add(this);
        return new(this);
    }

    private void Leave()
    {
        _inside?.Remove(this);
        lock (_gate)
        {
            if (--_active == 0)
            {
                _idle.Set();
            }
        }
    }

    private static DetectorDescription Describe(IDetectionPass pass, DetectorSettings settings)
    {
        var preprocessing = settings.Input.Preprocessor.Describe();
        var options = preprocessing.Options.ToDictionary();
        options["decoder"] = settings.Input.Decoder.Name;
        IReadOnlyList<StageDescription> stages =
        [
            preprocessing with { Options = options, Id = "preprocessing", Identity = Identity(preprocessing, settings.Input) },
            .. settings.Tiling is { } tiling ? [TilingStage.Of(tiling)] : Array.Empty<StageDescription>(),
            .. settings.Region is { } region ? [region.Describe()] : Array.Empty<StageDescription>(), .. pass.Stages,
        ];
        string weights = string.Join('\n', stages.SelectMany(s => s.Weights.Select(w => $"{(s.Id.Length > 0 ? s.Id : s.Stage)}:{w.Sha256}")));
        int size = settings.Input.Preprocessor.Size;
        return new()
        {
            Method = pass.Method,
            MethodId = settings.Recipe?.Method ?? string.Empty,
            Stages = stages,
            Device = pass.Device.ToString(),
            Precision = pass.Precision.ToString(),
            ImageSize = size,
            LibraryVersion = LibraryVersion.Current,
            WeightsHash = TextHash.Of(weights),
            CompositionHash = settings.Recipe is { } recipe ? RecipeWriter.CompositionHash(
                recipe, size, settings.Region is { } r ? $"{r.Kind} {r.Settings}" : null) : string.Empty,
            CoversWholeImage = settings.Input.Preprocessor.CoversWholeImage,
            MapMaximum = pass.MapMaximum,
            Recipe = settings.Recipe?.ToJson(),
        };
    }

    private readonly struct Use(ZeroShotDetector detector) : IDisposable
    {
        public void Dispose() => detector.Leave();
    }
}
