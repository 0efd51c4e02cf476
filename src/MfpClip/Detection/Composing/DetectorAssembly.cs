using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Detection.Recipes;
using MfpClip.Diagnostics;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Imaging.Regions;
using MfpClip.Kernels;
using MfpClip.Modules;
using MfpClip.Native;
using MfpClip.Pipeline;
using MfpClip.References;
using MfpClip.Text;

namespace MfpClip.Detection.Composing;

/// <summary>Turns a composition into a detector, or into one error that lists everything wrong.</summary>
internal static class DetectorAssembly
{
    public static ZeroShotDetector Assemble(Composition c)
    {
        // A calibration is checked against the whole detector: it comes last.
        var detector = Compose(c with { Calibration = null });
        if (c.References is null && c.ResolveMethod() is IStoredReferenceSource source && source.ReadReferences() is { } stored)
        {
            using var alone = detector;
            using (stored)
            {
                detector = alone.WithStored(stored);
            }
        }

        if (c.References is { } references)
        {
            using var alone = detector;
            detector = references.File is { } file ? alone.WithReferenceFile(file, references.Options.Weight)
                : alone.WithReferences(references.Images, references.Options);
        }

        if (c.Calibration is not { } calibration)
        {
            return detector;
        }

        using (detector)
        {
            return detector.WithCalibration(calibration);
        }
    }

    private static ZeroShotDetector Compose(Composition c)
    {
        if (c is { Tokenizer: null, Backbone.Path: null or "" })
        {
            ClipTokenizer.Prepare();
        }

        NativeBackend.Guard(() => torch.CPU.type);
        var method = c.ResolveMethod();
        ThrowIfAny(CompositionChecks.BeforeLoading(c, method));
        var region = c.Region is { } wanted ? RegionSource.Load(wanted, c.Decoder, c.Limits) : null;
        var owned = new Stack<IDisposable>();
        try
        {
            var about = method.Description;
            var backbone = Own(owned, c.Backbone?.Load(new(o => Configured(c, method, o), o => Configured(c, method, o))));
            var clip = CompositionChecks.AsClip(backbone);
            if (backbone is not null && clip is null && (about.NeedsText || about.RunsPipeline))
            {
                throw new DetectorConfigurationException([CompositionChecks.NoTextTower(about.Name, c.Backbone!.Name, backbone, c.Registry)]);
            }

            var cnn = Own(owned, about.RunsPipeline || about.ReadsCnn ? LoadCnn(c, backbone) : null);
            var tokenizer = c.Tokenizer ?? (c.Backbone?.Path is { } path ? ClipTokenizer.FindNextTo(path) : null) ?? ClipTokenizer.Default;
            var preprocessor = c.Preprocessor ?? DefaultPreprocessor(c, method, backbone);
            ThrowIfAny(backbone is null ? [] : CompositionChecks.AfterLoading(c, method, backbone, tokenizer, preprocessor));
            if (backbone?.GetService<ClipBackbone>() is { IsRandom: true } || backbone?.GetService<DinoBackbone>() is { IsRandom: true })
            {
                DetectorLog.RandomWeights(c.Logger);
            }

            var input = new InputSettings { Decoder = c.Decoder, Preprocessor = preprocessor, Limits = c.Limits };
            var parts = about.RunsPipeline ? CreateParts(c, clip!, cnn, tokenizer, owned) : null;
            ChooseKernels(c, backbone, preprocessor.Size);
            var pass = parts is not null ? CreatePass(c, method, parts, tokenizer) : LoadedPass(c, method, new()
            {
                Backbone = backbone, Cnn = cnn, Tokenizer = tokenizer, Input = input, Method = about.Name, BackboneName = c.Backbone?.Name ?? string.Empty,
            }, owned);
            pass = AtScales(c, pass, backbone);
            pass = c.Joined is { } other ? Own(owned, Join(c, pass, other)) : pass;
            return new(pass, new()
            {
                Input = input, BatchSize = c.BatchSize, Logger = c.Logger, Line = c.Line, Tiling = c.Tiling, Region = region,
                Recipe = RecipeWriter.Write(c, method, parts),
            });
        }
        catch
        {
            while (owned.TryPop(out var item))
            {
                item.Dispose();
            }

            throw;
        }
    }

    // The weights of a backbone that somebody else gave may be read by him, too: they stay as they are.
    private static void ChooseKernels(Composition c, IVisionBackbone? backbone, int imageSize)
    {
        if (c.Backbone is not BackboneChoice.Given && backbone?.GetService<IPackedWeights>() is { } packed)
        {
            packed.Prepare(imageSize);
            return;
        }

        backbone?.GetService<IKernelMeasurement>()?.MeasureKernels(imageSize);
    }

    // Where this throws, the passes are disposed by what made them.
    private static BesidePass Join(Composition c, IDetectionPass pass, Composition other)
    {
        if (other.Joined is not null || other.References is not null || other.Calibration is not null || other.Tiling is not null
            || other.Region is not null)
        {
            throw new DetectorConfigurationException(
                ["The method that is joined has references, a calibration, tiles, a region or a joined method of its own: they belong to the detector as a "
                    + "whole. Set them there."]);
        }

        if (pass is NormalImagePass)
        {
            throw new DetectorConfigurationException([$"{pass.Method} judges by normal images itself; join it with a zero-shot method the other way round."]);
        }

        using var beside = Compose(other with { Device = c.Device, Logger = c.Logger, Limits = c.Limits, Decoder = c.Decoder });
        return beside.Pass is NormalImagePass ? new(pass, (NormalImagePass)beside.TakePass(), beside.Input) : throw new DetectorConfigurationException(
            [$"{beside.Description.Method} does not judge by normal images, so there is nothing to join. Join one of "
                + $"{string.Join(", ", c.Registry.Methods.Where(m => m.Description.NeedsReferences).Select(m => m.Description.Id))}."]);
    }

    private static ClipBackboneOptions Configured(Composition c, IDetectionMethod method, ClipBackboneOptions options) =>
        method.ConfigureBackbone(options, c.Preprocessor?.Size ?? c.ImageSize) with { Device = c.Device, Precision = c.Precision };

    private static DinoBackboneOptions Configured(Composition c, IDetectionMethod method, DinoBackboneOptions options) =>
        method.ConfigureBackbone(options, c.Preprocessor?.Size ?? c.ImageSize) with { Device = c.Device, Precision = c.Precision };

    private static IImagePreprocessor DefaultPreprocessor(Composition c, IDetectionMethod method, IVisionBackbone? backbone)
    {
        int patch = backbone?.Vision.PatchSize ?? 1, size = c.ImageSize ?? method.DefaultImageSize(backbone) ?? InputSettings.DefaultSize(patch);
        return size < patch ? throw new DetectorConfigurationException([$"The image size is {size}; a patch alone has {patch} pixels."])
            : method.DefaultPreprocessor(backbone, size) ?? new SquareResize(size);
    }

    private static ModulePass CreatePass(Composition c, IDetectionMethod method, PipelineParts parts, ITokenizer tokenizer)
    {
        ThrowIfAny(parts.Faults());
        foreach (var module in parts.Modules)
        {
            module.To(parts.Backbone.Vision.Device);
            module.GetService<IBFloat16Compute>()?.UseBFloat16(ComputesInBFloat16(parts.Backbone));
        }

        var source = LoadModules(c, method, parts);
        var components = RecipeWriter.Components(c, parts);
        string[] own = [.. RecipeWriter.Anonymous(c)];
        string name = own.Length == 0 ? method.Description.FullName : $"{method.Description.FullName}, with the user's own {string.Join(", ", own)}";
        return new(parts, tokenizer, c.Templates, source, name, c.Objective ?? method.Objective, slot => Identity(components[slot]));

        static (string, string) Identity(ComponentRecipe component) => (component.Implementation, component.Settings?.ToJsonString() ?? "{}");
    }

    private static IDetectionPass LoadedPass(Composition c, IDetectionMethod method, MethodContext context, Stack<IDisposable> owned)
    {
        var pass = method.CreatePass(context);
        owned.Clear(); // the pass owns the backbone now
        Own(owned, pass);
        if (c.ModuleWeights is { } path)
        {
            var weights = pass.TrainedWeights;
            ModuleCheckpointFile.Load(path, weights, new(context.RequireClip(), new Dictionary<string, IDetectorModule>()), Layouts(c, method));
            pass.Trainable?.WeightsChanged();
        }

        return pass;
    }

    private static IEnumerable<ICheckpointLayout> Layouts(Composition c, IDetectionMethod method) =>
        method.Checkpoints.Concat(c.Registry.Methods.SelectMany(m => m.Create().Checkpoints));

    /// <summary>Loads trained modules where there are any; says where each module's weights come from.</summary>
    private static Func<IDetectorModule, string> LoadModules(Composition c, IDetectionMethod method, PipelineParts parts)
    {
        if (c.ModuleWeights is { } path)
        {
            var target = new CheckpointTarget(parts.Backbone, parts.Checkpointed.ToDictionary(m => m.Key, m => m.Value, StringComparer.Ordinal));
            ModuleCheckpointFile.Load(path, ModuleCheckpoint.Collect(parts.Checkpointed), target, Layouts(c, method));
            return _ => Path.GetFileName(path);
        }

        if (c.Package is { OpenModules: { } open } package && !c.Untrained && method.Description.Id == package.MethodId)
        {
            using var file = open();
            var trained = ModuleCheckpointFile.LoadFitting(file, parts);
            return m => trained.Contains(m) ? package.ModulesSource ?? package.Name : "untrained";
        }

        return _ => "untrained";
    }

    private static IDetectionPass AtScales(Composition c, IDetectionPass pass, IVisionBackbone? backbone) =>
        c.Scales.Count == 1 ? pass : pass.GetService<IReferenceScheme>() is { NeedsReferences: true } ? throw new DetectorConfigurationException(
            [$"{pass.Method} reads every image at one size; leave the scales out."]) : new MultiScalePass(pass, c.Scales, backbone?.Vision.PatchSize ?? 1);

    private static PipelineParts CreateParts(
        Composition c, IClipBackbone backbone, ICnnFeatureExtractor? cnn, ITokenizer tokenizer, Stack<IDisposable> owned)
    {
        var dimensions = ModuleDimensions.Of(backbone, cnn, c.StageCount, tokenizer);
        ThrowIfAny(c.ModuleFaults(dimensions));
        return new()
        {
            Backbone = backbone,
            Cnn = cnn,
            ImageToText = Own(owned, c.ImageToText.Make(dimensions)),
            Self = Own(owned, c.Self.Make(dimensions)),
            Vision = Own(owned, c.Vision.Make(dimensions)),
            MultiPatch = Own(owned, c.MultiPatch.Make(dimensions)),
            Mask = Own(owned, c.Mask.Make(dimensions)),
            Map = Own(owned, c.Map.Make(dimensions)),
            Score = Own(owned, c.Score.Make(dimensions)),
            Stages = c.Taps is { } taps ? new StagePlan(taps) : StagePlan.Even(backbone.Vision.Layers, c.StageCount),
        };
    }

    private static ICnnFeatureExtractor? LoadCnn(Composition c, IVisionBackbone? backbone)
    {
        var cnn = (c.Cnn ?? (c.Package is { } package ? new CnnChoice.FromPackage(package) : null))?.Load();
        var device = backbone?.Vision.Device ?? DeviceSelection.Resolve(c.Device, c.Precision);
        cnn?.To(device);
        cnn?.GetService<IBFloat16Compute>()?.UseBFloat16(ComputesInBFloat16(device, backbone?.Vision.Precision ?? c.Precision));
        return cnn;
    }

    private static bool ComputesInBFloat16(IClipBackbone backbone) => ComputesInBFloat16(backbone.Vision.Device, backbone.Vision.Precision);

    // What runs beside bfloat16 towers multiplies in bfloat16 too, where that is faster.
    private static bool ComputesInBFloat16(Device device, ScalarType precision) =>
        precision == ScalarType.BFloat16 && (device.type != DeviceType.CPU || VectorMath.HasBFloat16);

    private static void ThrowIfAny(IEnumerable<string> faults)
    {
        var all = faults.Distinct().ToList();
        if (all.Count > 0)
        {
            throw new DetectorConfigurationException(all);
        }
    }

    private static T Own<T>(Stack<IDisposable> owned, T item)
        where T : class?, IDisposable?
    {
        if (item is not null)
        {
            owned.Push(item);
        }

        return item;
    }
}
