using System.CommandLine;
using MfpClip.Data;
using MfpClip.Evaluation;
using MfpClip.Evaluation.Reports;
using MfpClip.Evaluation.Shots;

namespace MfpClip.Cli;

/// <summary>What <c>evaluate</c> runs: a detector or a baseline, with as many normal images as were named.</summary>
internal sealed record EvaluationWork(
    DetectorChoice Choice, BaselineChoice Baseline, ShotChoice Shots, ParseResult Parsed, EvaluationOptions Options, AnomalyDataSet Data,
    CrossDataSetProtocol? Protocol, string Folder, CancellationToken CancellationToken)
{
    public EvaluationReport Run(IProgress<EvaluationProgress> progress)
    {
        var numbers = Shots.Shots(Parsed);
        bool compares = numbers.Any(n => n > 0);
        if (Choice.HasCalibration(Parsed) && (compares || Baseline.IsGiven(Parsed)))
        {
            throw new ArgumentException(compares
                ? "A calibration holds for one detector, and with --shots each category has references of its own: leave --calibration or --shots out."
                : "A calibration is of the detector that 'calibrate' was given, not of a baseline: leave --calibration or --baseline out.");
        }

        if (Baseline.Build(Parsed, Choice, numbers) is { } without)
        {
            using (without)
            {
                return One(new Evaluator(Options, ImageFiles.Decoder).Evaluate(without, Data, Protocol, progress, CancellationToken));
            }
        }

        Choice.RequireReferences(Parsed, numbers is [0] ? "say how many with --shots" : "leave 0 out of --shots", !numbers.Contains(0));
        using var detector = Choice.Builder(Parsed).Build();
        var references = Baseline.References(Parsed, Choice.ReferencesAs(Parsed, Options.ClassName));
        if (Shots.IsStudy(Parsed))
        {
            OwnOutputs.Mark(Folder);
            return new ShotStudy(new()
            {
                OutputFolder = Folder, Shots = numbers, Seeds = Shots.Seeds(Parsed), References = references, Evaluation = Options,
                Decoder = ImageFiles.Decoder,
            }).Run(detector, Data, Protocol, progress, CancellationToken);
        }

        var evaluator = new Evaluator(
            Options with { Shots = numbers[0], ShotSeed = Shots.Seeds(Parsed)[0], TestedBatch = Choice.IsBatched(Parsed) }, ImageFiles.Decoder);
        return One(!compares ? evaluator.Evaluate(detector, Data, Protocol, progress, CancellationToken) : evaluator.EvaluateEachCategory(
            (category, drawn) => detector.WithReferences(
                [.. drawn.Select(r => ImageInput.FromFile(r.ImagePath))], references with { ClassName = Options.ClassName ?? category.ClassName }, null,
                CancellationToken),
            Data, Protocol, progress, CancellationToken));
    }

    private static EvaluationReport One(EvaluationRun run) => new([run]);
}
