using System.CommandLine;
using MfpClip.Evaluation.Baselines;
using MfpClip.References;

namespace MfpClip.Cli;

/// <summary>The option that replaces the detector with a baseline.</summary>
internal sealed class BaselineChoice
{
    private const string Random = "random", LocalStatistics = "local-statistics", SelfComparison = "self-comparison", MemoryBank = "memory-bank";

    private readonly Option<string?> _baseline = new("--baseline")
    {
        Description = "What a method must beat, in its place: random scores; local-statistics, the classical distance of each pixel to the image's own "
            + "colours, gradients and deviations; self-comparison, the distance to the nearest own patches on the frozen features of --weights; "
            + "memory-bank, the reference images of --shots alone.",
    };

    public void AddTo(Command command)
    {
        _baseline.AcceptOnlyFromAmong(Random, LocalStatistics, SelfComparison, MemoryBank);
        command.Options.Add(_baseline);
    }

    /// <summary>Whether a baseline is meant.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_baseline) is not null;

    /// <summary>Refuses options of the detector that the baseline which is named does not read.</summary>
    public void RefuseWhatItDoesNotRead(Command command, DetectorChoice choice, Option className)
    {
        string? Name(System.CommandLine.Parsing.CommandResult result) => result.GetValue(_baseline);
        foreach (var option in choice.Composition.Append(className))
        {
            command.Refuse(option, r => Name(r) is Random or LocalStatistics, "has no effect: the baselines random and local-statistics read no model.");
        }

        // The features of the weights alone.
        foreach (var option in choice.Composition.Where(o => o.Name is "--modules" or "--scales" or "--without" or "--method").Append(className))
        {
            command.Refuse(option, r => Name(r) is SelfComparison, "has no effect: self-comparison reads the frozen features of the weights only.");
        }

        command.Refuse(
            choice.ReferenceWeight, r => Name(r) is not null, "has no effect with --baseline: a memory bank counts alone, the others have no references.");
        command.Refuse(choice.Batched, r => Name(r) is not null, "has no effect with --baseline: baselines judge each image alone.");
    }

    /// <summary>Whether weights have a part in the result.</summary>
    public bool ReadsWeights(ParseResult parsed) => parsed.GetValue(_baseline) is not (Random or LocalStatistics);

    /// <summary>The baseline; <see langword="null"/> where the detector that was chosen is meant.</summary>
    /// <exception cref="ArgumentException">Shots do not go with it, or are missing.</exception>
    public ZeroShotDetector? Build(ParseResult parsed, DetectorChoice choice, IReadOnlyList<int> shots)
    {
        string? name = parsed.GetValue(_baseline);
        if (name == MemoryBank ? shots.Contains(0) : name is not null && shots.Any(s => s > 0))
        {
            throw new ArgumentException(name == MemoryBank ? "A memory bank needs reference images: say how many with --shots."
                : $"The baseline {name} reads no reference images; leave --shots out.");
        }

        switch (name)
        {
            case Random:
                return BaselineDetector.Random();
            case LocalStatistics:
                return BaselineDetector.LocalStatistics();
            case SelfComparison:
                using (var features = choice.Builder(parsed).Build())
                {
                    return BaselineDetector.SelfComparison(features);
                }

            default:
                return null;
        }
    }

    /// <summary>How references count: all for a memory bank alone, else as given.</summary>
    public ReferenceOptions References(ParseResult parsed, ReferenceOptions given) =>
        parsed.GetValue(_baseline) == MemoryBank ? given with { Weight = 1, Join = ReferenceJoin.Fixed } : given;
}
