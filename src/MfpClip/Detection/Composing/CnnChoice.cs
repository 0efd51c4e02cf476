using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Files;
using MfpClip.Weights;

namespace MfpClip.Detection.Composing;

/// <summary>The CNN of a composition.</summary>
internal abstract record CnnChoice
{
    public const string ResNetName = "resnet", EfficientNetName = "efficientnet-lite0", PackageName = "package";

    /// <summary>What shows to be wrong before anything is loaded.</summary>
    public virtual IEnumerable<string> Faults() => [];

    public abstract ICnnFeatureExtractor Load();

    public abstract ComponentRecipe ToRecipe();

    /// <summary>Which package.</summary>
    public sealed record PackageSettings
    {
        public string Name { get; init; } = string.Empty;

        public string? Folder { get; init; }
    }

    private static IEnumerable<string> FaultsOfFile(string? path) => path is null || File.Exists(path) ? [] : [$"There is no weight file '{path}'."];

    public sealed record ResNet(ResNetOptions Options) : CnnChoice
    {
        public override IEnumerable<string> Faults() => [.. FaultsOfFile(Options.WeightsPath), .. Options.Faults()];

        public override ICnnFeatureExtractor Load()
        {
            using var file = Options.WeightsPath is { } path ? WeightFile.Open(path) : null;
            return file is null ? ResNetFeatureExtractor.CreateRandom(Options.Architecture, Options.RandomSeed!.Value) : ResNetFeatureExtractor.Load(
                Options.Architecture, file);
        }

        public override ComponentRecipe ToRecipe() => new(ResNetName, SettingsJson.Node(Options));
    }

    public sealed record EfficientNetLite(EfficientNetLiteOptions Options) : CnnChoice
    {
        public override IEnumerable<string> Faults() => [.. FaultsOfFile(Options.WeightsPath), .. Options.Faults()];

        public override ICnnFeatureExtractor Load()
        {
            using var file = Options.WeightsPath is { } path ? WeightFile.Open(path) : null;
            return file is null
                ? EfficientNetLiteFeatureExtractor.CreateRandom(Options.RandomSeed!.Value, Options.InputSize)
                : EfficientNetLiteFeatureExtractor.Load(file, Options.InputSize);
        }

        public override ComponentRecipe ToRecipe() => new(EfficientNetName, SettingsJson.Node(Options));
    }

    /// <summary>The CNN inside the backbone's file of a model package.</summary>
    public sealed record FromPackage(ModelPackage Package) : CnnChoice
    {
        public override ICnnFeatureExtractor Load()
        {
            using var file = Package.OpenBackbone();
            return EfficientNetLiteFeatureExtractor.Load(file, Backbones.Hybrid.HybridShapes.Cnn, Package.CnnInputSize);
        }

        public override ComponentRecipe ToRecipe() => new(PackageName, SettingsJson.Node(new PackageSettings { Name = Package.Name, Folder = Package.Folder }));
    }

    /// <summary>A CNN that the user made.</summary>
    public sealed record Given(ICnnFeatureExtractor Extractor) : CnnChoice
    {
        public override ICnnFeatureExtractor Load() => Extractor;

        public override ComponentRecipe ToRecipe() => new(Extractor.GetType().FullName!);
    }
}
