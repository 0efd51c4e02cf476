using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Diagnostics;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Kernels;
using MfpClip.Methods.MfpClip;
using MfpClip.Modules;
using MfpClip.Native;
using MfpClip.Pipeline;
using MfpClip.References;
using MfpClip.Text;
using MfpClip.Weights;

namespace MfpClip.Detection.Building;

/// <summary>Turns what a builder was told into a detector, or into one error that lists everything wrong.</summary>
internal static class DetectorAssembly
{
    public static ZeroShotDetector Assemble(Composition c)
    {
        var detector = Compose(c);
        if (c.References is null && c.ReferenceFile is null)
        {
            return detector;
        }

        using (detector)
        {
            var referenced = c.References is { } images ? detector.WithReferences(images, c.ReferenceOptions) : detector.WithReferenceFile(c.ReferenceFile!);
            if (c.Calibration is not { } calibration)
            {
                return referenced;
            }

            using (referenced)
            {
                return referenced.WithCalibration(calibration);
            }
        }
    }

    private static ZeroShotDetector Compose(Composition c)
    {
        NativeBackend.Guard(() => torch.CPU.type);
        ThrowIfAny(BeforeLoading(c));
        var owned = new Stack<IDisposable>();
        try
        {
            var backbone = Own(owned, c.Backbone!(new(c.Device, c.Precision, c.Interpolation, c.RunWith)));
            var cnn = Own(owned, c.OwnMethod is null ? LoadCnn(c, backbone) : null); // a method with a pass of its own reads none
            var tokenizer = c.Tokenizer ?? FindTokenizer(c);
            var dimensions = ModuleDimensions.Of(backbone, cnn, c.StageCount, tokenizer);
            int size = c.Preprocessor?.Size ?? c.ImageSize ?? c.OwnMethod?.DefaultImageSize(backbone) ?? DefaultSize(backbone.Vision.PatchSize);
            ThrowIfAny([.. AfterLoading(c, backbone, tokenizer, size), .. ModuleFaults(c, dimensions)]);
            if (backbone.GetService<ClipBackbone>() is { IsRandom: true })
            {
                DetectorLog.RandomWeights(c.Logger);
            }

            backbone.GetService<IKernelMeasurement>()?.MeasureKernels(size);
            if (c.OwnMethod is { } method)
            {
                return AssembleMethod(c, method, backbone, tokenizer, size);
            }

            var parts = CreateParts(c, backbone, cnn, dimensions, owned);
            ThrowIfAny(parts.Faults());
            foreach (var module in parts.Modules)
            {
                module.To(backbone.Vision.Device);
                module.GetService<IHalfProducts>()?.UseHalfProducts(MultipliesHalf(backbone));
            }

            var source = LoadModules(c, parts);
            return new(AtScales(c, new MfpClipPass(parts, tokenizer, c.Templates, source, c.Method, c.Objective), backbone), Settings(c, size));
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

    /// <summary>Loads trained modules where there are any; says where each module's weights come from.</summary>
    private static Func<IDetectorModule, string> LoadModules(Composition c, PipelineParts parts)
    {
        if (c.ModuleWeights is { } path)
        {
            ModuleCheckpointFile.Load(path, parts);
            return _ => Path.GetFileName(path);
        }

        // Bundled modules are MFP-CLIP's: another method's may have the same names and shapes, but not the same meaning.
        if (c.Bundled is { } bundled && !c.LeavesModulesUntrained && c.Method == Composition.MfpClip)
        {
            using var file = bundled.Modules();
            var trained = ModuleCheckpointFile.LoadFitting(file, parts);
            return m => trained.Contains(m) ? bundled.Name : "untrained";
        }

        return _ => "untrained";
    }

    private static ZeroShotDetector AssembleMethod(Composition c, IMethodComposition method, IClipBackbone backbone, ITokenizer tokenizer, int size)
    {
        var settings = Settings(c, size);
        var pass = method.Create(new() { Backbone = backbone, Tokenizer = tokenizer, Preprocessor = settings.Preprocessor, Decoder = c.Decoder, Limits = c.Limits });
        return new(AtScales(c, pass, backbone), settings);
    }

    private static IDetectionPass AtScales(Composition c, IDetectionPass pass, IClipBackbone backbone) =>
        c.Scales.Count == 1 ? pass : new MultiScalePass(pass, c.Scales, backbone.Vision.PatchSize);

    private static DetectorSettings Settings(Composition c, int size) => new()
    {
        Decoder = c.Decoder, Preprocessor = c.Preprocessor ?? new SquareResize(size), Limits = c.Limits,
        BatchSize = c.BatchSize, Logger = c.Logger, Calibration = c.Calibration,
    };

    private static PipelineParts CreateParts(Composition c, IClipBackbone backbone, ICnnFeatureExtractor? cnn, ModuleDimensions dimensions, Stack<IDisposable> owned) => new()
    {
        Backbone = backbone,
        Cnn = cnn,
        ImageToText = Own(owned, c.ImageToText.Create(dimensions)),
        Self = Own(owned, c.Self.Create(dimensions)),
        Vision = Own(owned, c.Vision.Create(dimensions)),
        MultiPatch = Own(owned, c.MultiPatch.Create(dimensions)),
        Mask = Own(owned, c.Mask.Create(dimensions)),
        Map = Own(owned, c.Map.Create(dimensions)),
        Score = Own(owned, c.Score.Create(dimensions)),
        Stages = c.Taps is { } taps ? new StagePlan(taps) : StagePlan.Even(backbone.Vision.Layers, c.StageCount),
    };

    private static ICnnFeatureExtractor? LoadCnn(Composition c, IClipBackbone backbone)
    {
        ICnnFeatureExtractor? cnn = c.Cnn;
        if (c.CnnOptions is { } options)
        {
            using var file = options.WeightsPath is { } path ? WeightFile.Open(path) : null;
            cnn = file is null ? ResNetFeatureExtractor.CreateRandom(options.Architecture, options.RandomSeed!.Value) : ResNetFeatureExtractor.Load(options.Architecture, file);
        }

        if (c.EfficientNetOptions is { } lite)
        {
            using var file = lite.WeightsPath is { } path ? WeightFile.Open(path) : null;
            cnn = file is null ? EfficientNetLiteFeatureExtractor.CreateRandom(lite.RandomSeed!.Value, lite.InputSize) : EfficientNetLiteFeatureExtractor.Load(file, lite.InputSize);
        }

        if (cnn is null && c.Bundled is { } bundled)
        {
            using var file = bundled.Backbone();
            cnn = EfficientNetLiteFeatureExtractor.Load(file, HybridShapes.Cnn, HybridComposition.CnnInputSize);
        }

        cnn?.To(backbone.Vision.Device);
        cnn?.GetService<IHalfProducts>()?.UseHalfProducts(MultipliesHalf(backbone));
        return cnn;
    }

    // What runs beside bfloat16 towers multiplies in bfloat16 too, where that is faster.
    private static bool MultipliesHalf(IClipBackbone backbone) =>
        backbone.Vision.Precision == ScalarType.BFloat16 && (backbone.Vision.Device.type != DeviceType.CPU || VectorMath.HasBFloat16);

    private static ITokenizer FindTokenizer(Composition c) =>
        (c.BackbonePath is { } path ? ClipTokenizer.FindBeside(path) : null) ?? ClipTokenizer.Default;

    // 518 as given by the paper; patches of 16 or 32 pixels do not divide it.
    internal static int DefaultSize(int patch) => Math.Max((int)Math.Round(518.0 / patch), 1) * patch;

    private static List<string> BeforeLoading(Composition c)
    {
        var faults = new List<string>();
        if (c.Backbone is null)
        {
            faults.Add("There is no backbone: name a weight file with UseBackbone(path).");
        }
        else if (c.BackbonePath is { } path && !File.Exists(path) && !Directory.Exists(path))
        {
            faults.Add($"Backbone: there is no file or folder '{path}'.");
        }

        foreach (string? file in new[] { c.ModuleWeights, c.CnnOptions?.WeightsPath, c.EfficientNetOptions?.WeightsPath, c.ReferenceFile }.Where(f => f is not null && !File.Exists(f)))
        {
            faults.Add($"There is no weight file '{file}'.");
        }

        if (c.GivenBackbone is null && DeviceSelection.Fault(c.Device, c.Precision) is { } device)
        {
            faults.Add(device);
        }

        if (c.StageCount < 1 || (c.Taps is { } taps && (taps.Any(t => t < 1) || taps.Zip(taps.Skip(1)).Any(p => p.Second <= p.First))))
        {
            faults.Add(c.Taps is null ? $"The number of stages is {c.StageCount}; it must be at least 1." : $"The taps are {string.Join(", ", c.Taps)}; they must rise and start at 1 or later.");
        }

        if (c.BatchSize is < 1 or > 1024)
        {
            faults.Add($"The batch size is {c.BatchSize}; it must be from 1 to 1024.");
        }

        if (c.ImageSize is < 1 or > 8192)
        {
            faults.Add($"The image size is {c.ImageSize}; it must be from 1 to 8192 pixels.");
        }

        if (c.Limits.MaximumPixels < 1 || c.Limits.MaximumBytes < 1)
        {
            faults.Add("The image limits must be at least 1.");
        }

        faults.AddRange(c.CnnOptions?.Faults() ?? []);
        faults.AddRange(c.EfficientNetOptions?.Faults() ?? []);
        faults.AddRange(c.Templates.Faults());
        faults.AddRange(MultiScalePass.Faults(c.Scales));
        faults.AddRange(c.References is null ? [] : c.ReferenceOptions.Faults());
        if (c.References is { Count: 0 })
        {
            faults.Add("References: there is no image. Give at least one image of a good part.");
        }

        faults.AddRange(c.OwnMethod?.Faults() ?? []);
        if (c.OwnMethod is { } method && (c.ModuleWeights is not null || c.CnnOptions is not null || c.Cnn is not null))
        {
            faults.Add($"{method.Name} has no trained modules and reads no CNN, but {(c.ModuleWeights is { } given ? $"'{given}'" : "a CNN")} was given; leave it out.");
        }

        if (faults.Count > 0)
        {
            // Something is wrong already: check the modules' options as far as that is possible without the weights.
            int features = c.CnnOptions is null && c.EfficientNetOptions is null && c.Cnn is null && c.Bundled is null ? 0 : 1;
            faults.AddRange(ModuleFaults(c, new(features, [1, 1, 1, 1, 1], 64, 64, 64, 77, Math.Max(c.StageCount, 1)) { VisionLayers = 24, TextLayers = 12, PatchSize = 14 }));
        }

        return faults;
    }

    private static IEnumerable<string> AfterLoading(Composition c, IClipBackbone backbone, ITokenizer tokenizer, int size)
    {
        if (size % backbone.Vision.PatchSize != 0)
        {
            yield return $"The image size is {size}, which is no multiple of the patch of {backbone.Vision.PatchSize} pixels; {DefaultSize(backbone.Vision.PatchSize)} would be.";
        }

        if (tokenizer.VocabSize != backbone.Text.VocabSize)
        {
            yield return $"The tokenizer knows {tokenizer.VocabSize} tokens, the text tower {backbone.Text.VocabSize}: put the model's vocab.json and merges.txt beside its weights, or set UseTokenizer.";
        }

        if (c.Taps is null && c.StageCount > backbone.Vision.Layers)
        {
            yield return $"A vision tower of {backbone.Vision.Layers} blocks cannot be cut into {c.StageCount} stages.";
        }
    }

    private static IEnumerable<string> ModuleFaults(Composition c, ModuleDimensions d) => c.OwnMethod is not null ? [] :
        [.. c.ImageToText.Faults(d), .. c.Self.Faults(d), .. c.Vision.Faults(d), .. c.MultiPatch.Faults(d), .. c.Mask.Faults(d), .. c.Map.Faults(d), .. c.Score.Faults(d)];

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
