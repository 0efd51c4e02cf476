using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Dino;
using MfpClip.Calibration;
using MfpClip.Detection.Composing;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Modules.Mask;
using MfpClip.Modules.Self;

namespace MfpClip.Detection.Recipes;

/// <summary>Turns a recipe into a composition; every fault is listed.</summary>
internal static class RecipeReader
{
    public static Composition Read(DetectorRecipe recipe, DetectorRegistry registry)
    {
        var faults = RecipeContradictions.Of(recipe).ToList();
        var backbone = Try(faults, () => Backbone(recipe.Backbone, registry));
        var package = (backbone as BackboneChoice.FromPackage)?.Package;
        var c = Composed(recipe, registry, package);
        c = c with
        {
            Backbone = backbone,
            Package = package,
            Cnn = Try(faults, () => Cnn(recipe.Cnn, registry)),
            ImageToText = Module(faults, recipe.ImageToText, "image-to-text-prompt", registry, c.ImageToText),
            Self = Module(faults, recipe.SelfPrompt, "self-prompt", registry, c.Self),
            Vision = Module(faults, recipe.VisionEncoder, "staged-encoder", registry, c.Vision),
            MultiPatch = Module(faults, recipe.MultiPatch, "multi-patch", registry, c.MultiPatch),
            Mask = Module(faults, recipe.MaskPrompt, "mask-prompt", registry, c.Mask),
            Map = Module(faults, recipe.AnomalyMap, "anomaly-map", registry, c.Map),
            Score = Module(faults, recipe.AnomalyScore, "anomaly-score", registry, c.Score),
            StageCount = recipe.Taps?.Count ?? recipe.Stages ?? c.StageCount,
            Taps = recipe.Taps ?? (recipe.Stages is null ? c.Taps : null),
            Templates = recipe.Templates ?? c.Templates,
            ImageSize = recipe.ImageSize ?? c.ImageSize,
            Preprocessor = Try(faults, () => Preprocessor(recipe.Preprocessor, recipe.ImageSize)),
            Scales = recipe.Scales ?? c.Scales,
            Tiling = recipe.Tiling ?? c.Tiling,
            Region = recipe.RegionOfInterest ?? c.Region,
            ModuleWeights = recipe.Modules,
            Untrained = recipe.Untrained ?? false,
            References = recipe.References is { } r ? new(r.File, Try(faults, () => Images(r)) ?? [], r.Options ?? new()) : null,
            Joined = recipe.Joined is { } joined ? Try(faults, () => Read(joined, registry)) : null,
            Calibration = recipe.Calibration ?? (recipe.CalibrationFile is { } file ? CalibrationFile.Load(file) : null),
            Device = recipe.Device,
            BatchSize = recipe.BatchSize,
            Limits = recipe.Limits ?? c.Limits,
        };
        if (PrecisionName.Parse(recipe.Precision) is { } precision)
        {
            c = c with { Precision = precision };
        }
        else
        {
            faults.Add($"The precision is '{recipe.Precision}'; choose float32, bfloat16 or float16.");
        }

        return faults.Count > 0 ? throw new DetectorConfigurationException(faults) : c;
    }

    /// <summary>The method as it composes itself; a model package's own composition where the method is the package's and has no settings here.</summary>
    private static Composition Composed(DetectorRecipe recipe, DetectorRegistry registry, ModelPackage? package)
    {
        var method = registry.FindMethod(recipe.Method);
        var builder = new ZeroShotDetectorBuilder(new Composition { Registry = registry });
        package?.Compose?.Invoke(builder);
        return package is { Compose: not null } && method.Description.Id == package.MethodId && recipe.MethodOptions is null
            ? builder.Composition with { Method = method.Create() } : builder.UseMethod(method.CreateWithSettings(recipe.MethodOptions)).Composition;
    }

    private static IReadOnlyList<ImageInput>? Images(ReferencesRecipe references)
    {
        if (references.Folder is not { } folder)
        {
            return [.. (references.Images ?? []).Select(ImageInput.FromFile)];
        }

        if (!Directory.Exists(folder))
        {
            throw new DetectorConfigurationException([$"References: there is no folder '{folder}'."]);
        }

        // What is not taken for a reason that the user must know of is an error: a line would compare with other images than were meant.
        var found = ImageSearch.Find([folder], new SkiaImageDecoder());
        return found.Faults.ToList() is { Count: > 0 } faults
            ? throw new DetectorConfigurationException([.. faults.Select(f => $"References: {f}")])
            : [.. found.Images.Select(ImageInput.FromFile)];
    }

    private static BackboneChoice? Backbone(BackboneRecipe? b, DetectorRegistry registry)
    {
        if (b is null)
        {
            return null;
        }

        string[] ways = [.. new[] { ("path", b.Path), ("package", b.Package), ("random_seed", b.RandomSeed?.ToString()), ("object", b.Object) }
            .Where(w => w.Item2 is not null).Select(w => w.Item1)];
        return ways switch
        {
            ["path"] when b.Heads is not null => new BackboneChoice.FromFile(b.Path!, new(), new()
            {
                Heads = b.Heads, Interpolation = b.Interpolation, Kernels = b.Kernels ?? new DinoBackboneOptions().Kernels,
            }),
            ["path"] => new BackboneChoice.FromFile(b.Path!, new()
            {
                Config = b.Config, Activation = b.Activation, Interpolation = b.Interpolation ?? new ClipBackboneOptions().Interpolation,
                Kernels = b.Kernels ?? new ClipBackboneOptions().Kernels,
            }),
            ["package"] => new BackboneChoice.FromPackage(registry.OpenModelPackage(b.Package!, b.Folder)),
            ["random_seed"] when b.Dino is not null => new BackboneChoice.RandomDino(b.Dino, b.RandomSeed!.Value),
            ["random_seed"] => new BackboneChoice.Random(
                b.Config ?? throw new DetectorConfigurationException([
                    "The recipe asks for a backbone with random weights and names no sizes (config or dino)."]),
                b.RandomSeed!.Value),
            ["object"] => throw new DetectorConfigurationException([
                $"The recipe's backbone was an object of type '{b.Object}', which no recipe can make. Name a file instead, or set the object on the builder."]),
            _ => throw new DetectorConfigurationException([
                $"The recipe's backbone names {(ways.Length == 0 ? "nothing" : string.Join(" and ", ways))}; name one of path, package and random_seed."]),
        };
    }

    private static CnnChoice? Cnn(ComponentRecipe? cnn, DetectorRegistry registry) => cnn?.Implementation switch
    {
        null => null,
        CnnChoice.PackageName => RecipeJson.Read<CnnChoice.PackageSettings>(cnn.Settings, "the settings of the CNN") is var p
            ? new CnnChoice.FromPackage(registry.OpenModelPackage(p.Name, p.Folder)) : null,
        "" => new CnnChoice.ResNet(RecipeJson.Read<ResNetOptions>(cnn.Settings, "the settings of the CNN")),
        CnnChoice.ResNetName => new CnnChoice.ResNet(RecipeJson.Read<ResNetOptions>(cnn.Settings, "the settings of the CNN")),
        CnnChoice.EfficientNetName => new CnnChoice.EfficientNetLite(RecipeJson.Read<EfficientNetLiteOptions>(cnn.Settings, "the settings of the CNN")),
        // A file alone: torchvision's ResNet-50, the paper's.
        { } path when File.Exists(path) => new CnnChoice.ResNet(new() { WeightsPath = path }),
        var other => throw new DetectorConfigurationException([
            $"The recipe's CNN is '{other}'; choose {CnnChoice.ResNetName} or {CnnChoice.EfficientNetName}, or the path of a ResNet-50's weights."]),
    };

    private static IImagePreprocessor? Preprocessor(ComponentRecipe? preprocessor, int? imageSize)
    {
        if (preprocessor is null)
        {
            return null;
        }

        var settings = RecipeJson.Read<PreprocessorChoice>(preprocessor.Settings, "the settings of the preprocessor");
        int size = settings.Size ?? imageSize
            ?? throw new DetectorConfigurationException(["The recipe's preprocessor has no size: name it, or image_size."]);
        return PreprocessorChoice.Create(preprocessor.Implementation, size, settings);
    }

    private static ModuleFactory<TModule> Module<TModule>(
        List<string> faults, ComponentRecipe? recipe, string usual, DetectorRegistry registry, ModuleFactory<TModule> own)
        where TModule : class, IDetectorModule => recipe is null ? own
            : Try(faults, () => registry.CreateModule<TModule>(recipe.Implementation.Length > 0 ? recipe : recipe with { Implementation = usual })) ?? own;

    private static T? Try<T>(List<string> faults, Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (DetectorConfigurationException e)
        {
            faults.AddRange(e.Faults);
            return null;
        }
    }
}
