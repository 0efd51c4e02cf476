using System.CommandLine;
using System.Globalization;
using MfpClip.Evaluation;
using MfpClip.Evaluation.Reports;
using MfpClip.Evaluation.Shots;

namespace MfpClip.Cli;

/// <summary>The options that say how many normal images a detector gets, and which.</summary>
internal sealed class ShotChoice
{
    private static readonly char[] Separators = [',', ' '];

    private readonly Option<string[]> _shots = new("--shots")
    {
        Description = "Normal images of train/good to compare with: a number, or several such as 1,2,4,8,all for one table and one plot. 0: none.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _seeds = new("--shot-seeds")
    {
        Description = "Which of them, such as 0,1,2: 0 takes the first by name, others draw at random, the same on every machine. Several: mean and standard "
            + "deviation. Default 0.",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>Its options.</summary>
    public IReadOnlyList<Option> All => [_shots, _seeds];

    public void AddTo(Command command)
    {
        command.Options.Add(_shots);
        command.Options.Add(_seeds);
        command.Needs(_shots, _seeds);
        _shots.Validators.Add(r => Check(r, _shots.Name, t => t == "all" || int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            "numbers of 0 and more, or all, such as 1,2,4,8,all"));
        _seeds.Validators.Add(r => Check(
            r, _seeds.Name, t => long.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out _), "numbers of 0 and more, such as 0,1,2"));
    }

    /// <summary>Whether any number is 1 or more.</summary>
    public bool Any(System.CommandLine.Parsing.CommandResult result) => Parse(result.GetValue(_shots)).Any(s => s > 0);

    /// <summary>The numbers; 0 alone where none was given.</summary>
    public IReadOnlyList<int> Shots(ParseResult parsed) => Parse(parsed.GetValue(_shots)) is { Count: > 0 } given ? given : [0];

    /// <summary>The seeds; 0 alone where none was given.</summary>
    public IReadOnlyList<long> Seeds(ParseResult parsed) =>
        Split(parsed.GetValue(_seeds)).Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ToList() is { Count: > 0 } given ? given : [0];

    /// <summary>Whether a table over the number of images is meant, not one detector.</summary>
    public bool IsStudy(ParseResult parsed) => Shots(parsed).Count > 1 || (Shots(parsed)[0] > 0 && Seeds(parsed).Count > 1);

    /// <summary>The study's report, as JSON has it: fractions over the draws, null where there is none.</summary>
    public static object Json(EvaluationReport report) => report.Runs.GroupBy(r => r.Settings["shots"]).Select(g => new
    {
        shots = g.Key, seeds = g.Select(r => r.Seed), mean = Figures(new MethodRuns(g.Key, [.. g]), null),
        categories = g.First().Categories.ToDictionary(c => c.Key, c => Figures(new MethodRuns(g.Key, [.. g]), c.Key)),
        references = g.Select(r => r.Categories.ToDictionary(c => c.Key, c => c.References)),
    });

    private static Dictionary<string, object> Figures(MethodRuns runs, string? category) => EvaluationMetrics.All.Where(m => m.Key != "aupro_authors")
        .ToDictionary(m => m.Key, m => runs.Summarise(m.Get, category) is var s ? (object)new { s.Mean, sd = s.Deviation, s.Runs } : null!);

    private static List<int> Parse(string[]? given) =>
        [.. Split(given).Select(t => t == "all" ? EvaluationOptions.AllShots : int.Parse(t, CultureInfo.InvariantCulture))];

    private static IEnumerable<string> Split(string[]? given) => (given ?? []).SelectMany(g => g.Split(Separators, StringSplitOptions.RemoveEmptyEntries));

    private static void Check(System.CommandLine.Parsing.OptionResult result, string option, Func<string, bool> holds, string wanted)
    {
        foreach (string text in Split([.. result.Tokens.Select(t => t.Value)]).Where(t => !holds(t)))
        {
            result.AddError($"{option} is '{text}'; it must be {wanted}.");
        }
    }
}
