using System.CommandLine;
using MfpClip.Backbones.Cnn;
using MfpClip.Detection;

namespace MfpClip.Cli;

/// <content>The options about a method that is joined with the zero-shot one.</content>
internal sealed partial class DetectorChoice
{
    private readonly Option<string?> _join = new("--join")
    {
        Description = "A method that judges by normal images, joined with the one of --method: anomaly-dino, subspace-ad or patchcore. Needs --references.",
    };
    private readonly Option<string?> _joinWeights = new("--join-weights")
    {
        Description = "Its backbone, as --weights: a DINOv2 for anomaly-dino and subspace-ad.",
    };
    private readonly Option<string?> _joinCnn = new("--join-cnn") { Description = "Its CNN, as --cnn: a ResNet for patchcore." };

    /// <summary>The method that is joined; <see langword="null"/>: none.</summary>
    /// <exception cref="DetectorConfigurationException">It is not known, or does not judge by normal images.</exception>
    public RegisteredMethod? Joined(ParseResult parsed)
    {
        if (parsed.GetValue(_join) is not { } id)
        {
            return null;
        }

        var method = DetectorRegistry.Default.FindMethod(id);
        return method.Description.NeedsReferences ? method : throw new DetectorConfigurationException(
            [$"--join {id}: {method.Description.Name} does not judge by normal images, so there is nothing to join. Choose "
                + $"{string.Join(", ", DetectorRegistry.Default.Methods.Where(m => m.Description.NeedsReferences).Select(m => m.Description.Id))}."]);
    }

    private void AddJoinedTo(Command command)
    {
        command.Needs(_join, _joinWeights, _joinCnn);
        command.Options.Add(_join);
        command.Options.Add(_joinWeights);
        command.Options.Add(_joinCnn);
    }

    private ZeroShotDetectorBuilder Join(ParseResult parsed, ZeroShotDetectorBuilder builder)
    {
        if (Joined(parsed) is not { } method)
        {
            return builder;
        }

        var (weights, cnn) = (parsed.GetValue(_joinWeights), parsed.GetValue(_joinCnn));
        var about = method.Description;
        string[] faults =
        [
            .. about.NeedsBackbone && weights is null ? [$"--join {about.Id} needs a backbone; name a DINOv2 with --join-weights."] : Array.Empty<string>(),
            .. !about.NeedsBackbone && weights is not null ? [$"{about.Name} runs on a CNN alone; leave --join-weights out."] : Array.Empty<string>(),
            .. about.ReadsCnn && cnn is null ? [$"--join {about.Id} reads a CNN; name one with --join-cnn."] : Array.Empty<string>(),
            .. !about.ReadsCnn && cnn is not null ? [$"{about.Name} reads no CNN; leave --join-cnn out."] : Array.Empty<string>(),
        ];
        return faults.Length > 0 ? throw new DetectorConfigurationException(faults) : builder.JoinWith(other =>
        {
            other.UseMethod(method.Create(0));
            if (weights is not null && weights.StartsWith(RandomModels.Prefix, StringComparison.Ordinal))
            {
                RandomModels.Use(other, weights[RandomModels.Prefix.Length..]);
            }
            else if (weights is not null)
            {
                other.UseBackbone(Stored(weights));
            }

            if (cnn is not null)
            {
                other.UseCnn(cnn.StartsWith(RandomModels.Prefix, StringComparison.Ordinal)
                    ? new ResNetOptions { Architecture = RandomModels.Cnn(cnn[RandomModels.Prefix.Length..]), RandomSeed = 1 }
                    : File.Exists(Stored(cnn)) ? ResNetOptions.ForFile(Stored(cnn)) : new ResNetOptions { WeightsPath = Stored(cnn) });
            }
        });
    }

    private bool IsJoinedRandom(ParseResult parsed) => (parsed.GetValue(_joinWeights) ?? parsed.GetValue(_joinCnn)) is { } network
        && network.StartsWith(RandomModels.Prefix, StringComparison.Ordinal);
}
