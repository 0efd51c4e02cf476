using System.Diagnostics;
using System.Globalization;
using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Methods.Mfp;
using MfpClip.Modules;
using MfpClip.Objectives;
using MfpClip.Text;
using MfpClip.Training.Checkpoints;
using MfpClip.Weights;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Training.Pretraining;

/// <summary>One pretraining from its first or its last checkpointed step to the end. The loop is that of every training.</summary>
internal sealed class PretrainingSession : IDisposable
{
    private readonly PretrainingOptions _options;
    private readonly FrozenFeatures _frozen;
    private readonly IWeightFile _cnnFile;
    private readonly FeatureCache _training;
    private readonly FeatureCache _validation;
    private readonly StateLanguage _language;
    private readonly HybridBackbone _backbone;
    private readonly IFrozenStem _stem;
    private readonly PretrainingModel _model;
    private readonly TrainingSession _session;
    private readonly FeatureVariation _variation;
    private readonly int _stepsPerEpoch;
    private readonly long _steps;
    private readonly string _log;
    private readonly TrainingFiles _files;

    public PretrainingSession(
        PretrainingOptions options, FrozenFeatures frozen, HybridBackbone backbone, ICnnFeatureExtractor cnn, IWeightFile cnnFile, FeatureCache training,
        FeatureCache validation)
    {
        (_options, _frozen, _backbone, _cnnFile, _training, _validation) = (options, frozen, backbone, cnnFile, training, validation);
        _language = new(ClipTokenizer.Default, options.NameDropout);
        _log = Path.Combine(options.Folder, "log.csv");
        _files = new(options.Folder);
        _stepsPerEpoch = training.Pictures.Count / options.BatchSize;
        _steps = (long)options.Epochs * _stepsPerEpoch;
        _stem = backbone.Vision.GetService<IFrozenStem>()!;
        MeasureStatistics();
        _model = new(_backbone, cnn, options.Seed);
        _variation = new(options, _stem);
        var identity = new TrainingIdentity("pretraining", null, TextHash.Of(Identity), string.Empty, frozen.Sha256);
        _session = new("pretraining", _model.Trained, Recipe(options), _steps, _files, identity);
    }

    /// <summary>The numbers of a pretraining.</summary>
    public static TrainingRecipe Recipe(PretrainingOptions options) => new()
    {
        Optimizer = OptimizerKind.AdamW, LearningRate = options.LearningRate, WeightDecay = options.WeightDecay, Schedule = LearningRateSchedule.OneCycle,
        Epochs = options.Epochs, BatchSize = options.BatchSize, ClipGradientNorm = 1, AverageDecay = options.AverageDecay, Seed = options.Seed,
    };

    public PretrainingResult Run(IProgress<PretrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (File.Exists(_files.Checkpoint) && !PretrainingCheckpointOfVersion01.TryResume(_session, _files.Checkpoint, _options, _stepsPerEpoch))
        {
            _session.Resume();
        }

        var clock = Stopwatch.StartNew();
        var losses = new List<double>();
        cancellationToken.ThrowIfCancellationRequested();
        new TrainingLoop(_session, _options.Epochs, NullLogger.Instance)
        {
            Steps = (epoch, first) => Enumerable.Range(first, _stepsPerEpoch - first).Select(i => ((long)epoch * _stepsPerEpoch) + i)
                .Select(n => new TrainingStep(_options.BatchSize, () => Loss(n))),
            CheckpointEverySteps = _options.CheckpointSteps,
            StepDone = _ => Report(losses, clock, progress),
            EpochDone = () =>
            {
                if (_session.State.Epoch < _options.Epochs)
                {
                    _session.Average.While(() => Validate(_session.State.TotalSteps, progress));
                }
            },
        }.Run(_files.Checkpoint, cancellationToken);

        // The last weights or their average: whichever is better on the held-out categories.
        var last = Validate(_steps, progress);
        PretrainingScore score = last;
        _session.Average.While(() => score = Validate(_steps, progress));
        if (Sum(score) >= Sum(last))
        {
            _session.Average.CopyToWeights();
        }
        else
        {
            score = last;
        }

        var (backbone, modules) = Write();
        return new(backbone, modules, score);
    }

    private void Report(List<double> losses, Stopwatch clock, IProgress<PretrainingProgress>? progress)
    {
        long step = _session.State.TotalSteps;
        losses.Add(_session.Losses[^1]);
        if (step % 20 == 0 || step == _steps)
        {
            File.AppendAllText(_log, string.Create(CultureInfo.InvariantCulture, $"{step},{losses.Average():0.#####},{clock.Elapsed.TotalSeconds:0.#}\n"));
            progress?.Report(new("training", step, _steps, losses.Average(), null));
            losses.Clear();
        }
    }

    private static double Sum(PretrainingScore score) => score.ImageAuroc + score.PixelAuroc;

    public void Dispose()
    {
        _session.Dispose();
        _model.Dispose();
    }

    private TrainingLoss Loss(long step)
    {
        var random = new Random(HashCode(step));
        var rows = Rows(step);
        var pictures = rows.Select(r => _training.Pictures[r]).ToList();
        var (features, masks) = Window(Mirrored(_frozen.Split(_training.Read(rows)), random), random);
        features = _variation.Apply(features, random);
        var context = ForwardContext.Default;
        using var image = _model.Image(features, context);
        bool selfPrompt = random.NextDouble() >= _options.ModuleDropout;
        var states = pictures.Select(p => _language.States(p.Category, random)).ToList();
        var t = _model.EmbedStates(states, random.NextDouble() >= _options.ModuleDropout ? image : null, context); // [B, 2, C]
        var output = _model.Forward(image, t, selfPrompt, (int)masks.shape[1], stageMaps: true);
        var (contrast, same) = Contrast(output.ClassEmbedding, [.. pictures.Select(p => p.Caption)], context);
        return PretrainingLoss.Of(output, masks, contrast, same);
    }

    // Scaled cosine of every image with every different caption, and which belong together, [B, U].
    private (Tensor Cosine, Tensor Same) Contrast(Tensor v, IReadOnlyList<string> captions, ForwardContext context)
    {
        var unique = captions.Distinct(StringComparer.Ordinal).ToList();
        var e = _model.EmbedCaptions([.. unique.Select(_language.Caption)], context); // [U, C]
        var which = torch.tensor(captions.Select(c => (long)unique.IndexOf(c)).ToArray(), device: v.device);
        var same = (which.unsqueeze(1) == torch.arange(unique.Count, device: v.device).unsqueeze(0)).to_type(ScalarType.Float32);
        return (_model.LogitScale.clamp(max: Math.Log(100)).exp() * MatrixProduct.Of(v, e.t()), same);
    }

    // The network is not exactly indifferent to mirroring, but nearly so: a cheap way to more images.
    private static (ImageFeatures, Tensor) Mirrored((ImageFeatures Features, Tensor Masks) batch, Random random)
    {
        long[] axes = [.. (random.Next(2) == 0 ? new[] { -1L } : []), .. (random.Next(2) == 0 ? new[] { -2L } : [])];
        return axes.Length == 0 ? batch : Changed(batch, map => map.flip(axes));
    }

    // Half of the batches show a part of their images: other sizes of the grid, other surroundings for the comparison of an image with itself.
    private (ImageFeatures, Tensor) Window((ImageFeatures Features, Tensor Masks) batch, Random random)
    {
        // A patch of the coarsest map, stride 32, holds four of the finest on each side.
        const int Unit = 4;
        int units = _options.Model.Vision.ImageSize / _backbone.Vision.PatchSize / Unit;
        if (units < 3 || random.NextDouble() >= _options.WindowFraction)
        {
            return batch;
        }

        int side = random.Next(Math.Max(1, units * 3 / 5), units), x = random.Next(units - side + 1), y = random.Next(units - side + 1);
        return Changed(batch, map =>
        {
            long unit = map.shape[^1] / units;
            return map.narrow(-2, y * unit, side * unit).narrow(-1, x * unit, side * unit).contiguous();
        });
    }

    private static (ImageFeatures, Tensor) Changed((ImageFeatures Features, Tensor Masks) batch, Func<Tensor, Tensor> change) =>
        (batch.Features with { StemMaps = [.. batch.Features.StemMaps!.Select(change)] }, change(batch.Masks));

    private List<int> Rows(long step)
    {
        int perEpoch = _training.Pictures.Count / _options.BatchSize;
        var random = new Random(HashCode(-1 - (step / perEpoch)));
        var order = Enumerable.Range(0, _training.Pictures.Count).ToArray();
        random.Shuffle(order);
        return [.. order.Skip((int)(step % perEpoch) * _options.BatchSize).Take(_options.BatchSize)];
    }

    private int HashCode(long n) => unchecked((int)((((ulong)_options.Seed * 0x9E3779B97F4A7C15UL) ^ ((ulong)n * 0xD1B54A32D192ED03UL)) >> 33));

    private PretrainingScore Validate(long step, IProgress<PretrainingProgress>? progress)
    {
        var score = default(PretrainingScore);
        PretrainingScore? plain = null;
        void Measure()
        {
            score = PretrainingValidation.Run(_model, _frozen, _validation, prompts: true);
            plain = PretrainingValidation.Run(_model, _frozen, _validation, prompts: false);
        }

        Measure();
        File.AppendAllText(_log, string.Create(CultureInfo.InvariantCulture,
            $"# step {step}: held-out image {score!.ImageAuroc:0.##} (map alone {score.ImageAurocOfMap:0.##}), pixel {score.PixelAuroc:0.##}; without I2TP "
            + $"and SP image {plain!.ImageAuroc:0.##} (map alone {plain.ImageAurocOfMap:0.##}), pixel {plain.PixelAuroc:0.##}\n"));
        progress?.Report(new("validation", step, _steps, null, score));
        return score;
    }

    /// <summary>Mean and deviation of every channel over the first images: the fixed statistics.</summary>
    private void MeasureStatistics()
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var rows = Enumerable.Range(0, Math.Min(256, _training.Pictures.Count)).ToList();
        foreach (int start in Enumerable.Range(0, (rows.Count + 31) / 32))
        {
            using var part = torch.NewDisposeScope();
            var (features, _) = _frozen.Split(_training.Read([.. rows.Skip(start * 32).Take(32)]));
            double share = Math.Min(32, rows.Count - (start * 32)) / (double)rows.Count;
            foreach (var (map, x) in _stem.Maps.Zip(features.StemMaps!).Where(m => m.First.Mean is not null))
            {
                // The second moment stands in for the deviation until all images were seen.
                (start == 0 ? map.Mean!.zero_() : map.Mean!).add_(x.mean([0, 2, 3]), alpha: share);
                (start == 0 ? map.Deviation!.zero_() : map.Deviation!).add_(x.square().mean([0, 2, 3]), alpha: share);
            }
        }

        foreach (var map in _stem.Maps.Where(m => m.Mean is not null))
        {
            map.Deviation!.copy_((map.Deviation - map.Mean!.square()).clamp(1e-8).sqrt());
        }
    }

    // The number of epochs may change when a run goes on, to cut it short or to make it longer: the schedule is then that of the new number.
    private string Identity => (_options with
    {
        Folder = string.Empty, CnnPath = string.Empty, Threads = null, CheckpointSteps = 0, Epochs = 0, LearningRate = 0, WeightDecay = 0, AverageDecay = 0,
    }).ToString() + _options.Model.ToJson();

    private (string Backbone, string Modules) Write()
    {
        string backbone = Path.Combine(_options.Folder, "clip.safetensors"), modules = Path.Combine(_options.Folder, "modules.safetensors");
        using var guard = torch.no_grad();
        _backbone.Save(backbone, _cnnFile);
        using var detector = HybridMfpClip.Apply(new ZeroShotDetectorBuilder().UseBackbone(backbone), _options.Model.Vision.ImageSize)
            .UseCnn(new EfficientNetLiteOptions { WeightsPath = _options.CnnPath, InputSize = HybridMfpClip.CnnInputSize }).Build();
        var values = _model.ModuleWeights.ToDictionary(w => w.Key, w => w.Value, StringComparer.Ordinal);
        foreach (var (name, tensor) in detector.GetTrainable().TrainedWeights)
        {
            tensor.copy_(values[name]);
        }

        detector.SaveModules(modules);
        return (backbone, modules);
    }
}
