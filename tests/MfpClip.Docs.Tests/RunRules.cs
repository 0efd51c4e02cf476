using System.Text.RegularExpressions;

namespace MfpClip.Docs.Tests;

/// <summary>
/// Which commands of the fences run, and with what in the place of gigabytes of weights and days of training. The first rule whose start fits decides; every
/// command needs one.
/// </summary>
internal static class RunRules
{
    private const string Few = "--size 64 --train 2 --good 1";

    private static readonly string[] _loading = ["detect ", "submit ", "calibrate ", "evaluate ", "references add ", "fit "];

    private static readonly Rule[] _rules =
    [
        // Parsed only.
        new("docs/results/", "", NotRun: "records how a measurement was made, on data that are not part of the repository"),
        new("", "models get", NotRun: "downloads up to gigabytes"),
        new("", "worker", NotRun: "needs a server and runs until it is stopped; MfpClip.Distributed.Tests runs it"),
        new("", "submit", Contains: "--nats", NotRun: "needs a server; MfpClip.Distributed.Tests runs it"),
        new("", "collect", NotRun: "needs a server; MfpClip.Distributed.Tests runs it"),
        new("", "status", NotRun: "needs a server; MfpClip.Distributed.Tests runs it"),
        new("", "pretrain", NotRun: "computes for half an hour; MfpClip.Training.Tests runs a small one"),
        new("", "synthesize --sheet", NotRun: "renders every category twice and overwrites a picture of the documentation"),
        new("docs/reproduce.md", "train", Contains: "--recompute 0", NotRun: "differs from the line above it by an option that the parser checks"),
        new("docs/reproduce.md", "train", Contains: "--data mvtec_ad/ --out", NotRun: "the lines above it the other way round"),
        new("docs/reproduce.md", "evaluate", Contains: "--data visa/", NotRun: "the lines above it the other way round"),
        new("docs/training.md", "ablate", NotRun: "runs as the command of docs/reproduce.md"),

        // Run, made small.
        new("", "train", Contains: "--max-steps"),
        new("", "train", Append: "--max-steps 1"),
        new("", "ablate", Append: "--tables table3 --max-steps 1 --limit 2", Replace: [("--seeds 0 1 2", "--seeds 0")]),
        new("", "compare", Append: "--methods winclip mfp-clip --max-steps 1 --limit 2 --latency-images 1", Replace: [("--seeds 0 1 2", "--seeds 0")]),
        new("", "evaluate", Append: "--limit 2 --cases 1", Replace: [("--limit 2 ", "")]),
        new("", "report", Replace: [("results-seed1/ results-seed2/ results-seed3/", "results/")]),
        new("", "synthesize", Append: "--categories tile --train 0 --good 1 --defective 1", Contains: "--small-defects",
            Replace: [("--megapixels 12", "--megapixels 0.1")]),
        new("", "small-defects", Append: "--categories tile --defective 1 --good 0", Replace: [("--megapixels 1 12", "--megapixels 0.1")]),
        new("", "synthesize", Append: Few, Contains: "--categories", Replace: [("--categories held-out --size 256", "--categories wood"), ("set", "held")]),
        new("", "synthesize", Contains: "--from", Replace: [("photos/good", "good"), ("--defective 5", "--defective 1 --kinds scratch")]),
        new("", "synthesize", Append: $"{Few} --defective 1 --categories gear --kinds scratch"),
        new("", "detect"),
        new("", "submit"),
        new("", "calibrate"),
        new("", "references"),
        new("", "fit"),
        new("", "describe"),
        new("", "check"),
        new("", "models list"),
        new("", "methods list"),
    ];

    /// <summary>What becomes of a command of <c>mfpclip</c>.</summary>
    /// <returns>The arguments to run, or why it does not run.</returns>
    public static (string[]? Arguments, string? NotRun) For(DocumentedCommand command)
    {
        string text = string.Join(' ', command.CliArguments!.Select(a => a.Contains(' ', StringComparison.Ordinal) ? $"\"{a}\"" : a));
        var rule = _rules.FirstOrDefault(r => r.Fits(command.Document, text));
        Assert.True(rule is not null, $"{command}: add a rule to {nameof(RunRules)} that says how it runs small, or why it does not run.");
        if (rule.NotRun is not null)
        {
            return (null, rule.NotRun);
        }

        // No weights are at hand: random ones of a tiny tower, whose random CNN needs no file.
        text = Regex.Replace(Regex.Replace(text, "(random:|stick/)?ViT-(L-14-336(px)?|B-16)", "random:tiny"), @"--cnn \S+|--device cuda", string.Empty);
        text = text.Replace("dinov2_vits14_pretrain.pth", "random:dinov2-tiny", StringComparison.Ordinal);
        text = Regex.Replace(text, @"--shots \d[\d,]*,all", "--shots 1,all");
        foreach (var (old, small) in rule.Replace ?? [])
        {
            text = text.Replace(old, small, StringComparison.Ordinal);
        }

        // The default model runs in the first command of README.md; elsewhere the tiny tower is several times faster.
        bool loads = !text.Contains(" --weights", StringComparison.Ordinal) && !text.Contains("patchcore", StringComparison.Ordinal)
            && _loading.Any(c => text.StartsWith(c, StringComparison.Ordinal));
        return (DocumentedCommand.Split($"{text} {rule.Append}{(loads ? " --weights random:tiny" : string.Empty)}"), null);
    }

    private sealed record Rule(
        string Document, string Start, string Append = "", string Contains = "", (string Old, string Small)[]? Replace = null, string? NotRun = null)
    {
        public bool Fits(string document, string command)
            => document.StartsWith(Document, StringComparison.Ordinal) && command.StartsWith(Start, StringComparison.Ordinal)
                && command.Contains(Contains, StringComparison.Ordinal);
    }
}
