using System.CommandLine;
using MfpClip.Backbones.Cnn;
using MfpClip.Detection;
using MfpClip.Models;

namespace MfpClip.Cli;

/// <content>Which networks are loaded, or made with random weights.</content>
internal sealed partial class DetectorChoice
{
    /// <summary>Whether the weights of the network that detects are random.</summary>
    public bool IsRandom(ParseResult parsed) => IsRandom(parsed, Method(parsed).Description);

    private bool IsRandom(ParseResult parsed, MethodDescription method) => !method.NeedsBackbone
        ? RandomCnn(parsed) is not null || (parsed.GetValue(_cnn) is null && Recipe(parsed)?.Cnn is null && !IsDefaultCnn(parsed, method))
        : Weights(parsed) is { } w ? w.StartsWith(RandomModels.Prefix, StringComparison.Ordinal)
        : Recipe(parsed) is not { Backbone: { } backbone } || backbone.RandomSeed is not null;

    private void AddNetworks(ParseResult parsed, ZeroShotDetectorBuilder builder, MethodDescription method, string? weights)
    {
        bool random = IsRandom(parsed, method) && (Recipe(parsed) is null || weights is not null || RandomCnn(parsed) is not null);
        string? size = weights?.StartsWith(RandomModels.Prefix, StringComparison.Ordinal) == true ? weights[RandomModels.Prefix.Length..] : null;
        int width = 0;
        if (random && method.NeedsBackbone)
        {
            width = RandomModels.Use(builder, size);
        }
        else if (!random && weights is not null && method.NeedsBackbone && !IsDefault(parsed))
        {
            builder.UseBackbone(Stored(weights));
        }

        if (!method.ReadsCnn || IsDefaultCnn(parsed, method))
        {
            return;
        }

        if (RandomCnn(parsed) is { } named)
        {
            builder.UseCnn(new ResNetOptions { Architecture = named, RandomSeed = 1 });
        }
        else if (parsed.GetValue(_cnn) is { } file)
        {
            string path = Stored(file);
            builder.UseCnn(File.Exists(path) ? ResNetOptions.ForFile(path) : new ResNetOptions { WeightsPath = path }); // Build says what is absent
        }
        else if (random)
        {
            builder.UseCnn(new ResNetOptions { Architecture = width >= 768 ? ResNetArchitecture.ResNet50 : ResNetArchitecture.ResNet18, RandomSeed = 1 });
        }
    }

    private IEnumerable<string> NetworkFaults(ParseResult parsed, MethodDescription method)
    {
        if (!method.NeedsBackbone && Weights(parsed) is not null && IsGiven(parsed, _method)) // 'compare' names weights for all its methods
        {
            yield return $"{method.Name} runs on a CNN alone; leave --weights out, and name the CNN with --cnn.";
        }
    }

    private ResNetArchitecture? RandomCnn(ParseResult parsed) => parsed.GetValue(_cnn) is { } name
        && name.StartsWith(RandomModels.Prefix, StringComparison.Ordinal) ? RandomModels.Cnn(name[RandomModels.Prefix.Length..]) : null;

    // A file or folder, or what 'models get' fetched under a name of the catalogue.
    private static string Stored(string fileOrName) =>
        File.Exists(fileOrName) || Directory.Exists(fileOrName) || !ModelCatalogue.TryFind(fileOrName, out _) ? fileOrName
            : new ModelStore().GetPath(fileOrName);
}
