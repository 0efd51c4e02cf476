using MfpClip.Data;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Modules.MultiPatch;
using MfpClip.References;

namespace MfpClip.Evaluation.Baselines;

/// <summary>A model that is put beside the baselines.</summary>
/// <param name="Name">Folder of its results; unlike those of other models.</param>
/// <param name="Seed">Seed of its training.</param>
/// <param name="Compose">A new builder of it at each call: MFP-CLIP with every module on.</param>
public sealed record BaselineModel(string Name, long Seed, Func<ZeroShotDetectorBuilder> Compose);

/// <summary>The lines of the table, in order, and how each is composed.</summary>
internal sealed class BaselineLines(IReadOnlyList<int> shots)
{
    // Keys of lines without a model, and what people read.
    private static readonly (string Key, string Title, Func<ZeroShotDetector> Build)[] Free =
    [
        ("random", "random scores", () => BaselineDetector.Random()),
        ("local-statistics", "local statistics (classical)", () => BaselineDetector.LocalStatistics()),
    ];

    private static readonly (string Key, string Title, Func<ZeroShotDetectorBuilder, ZeroShotDetectorBuilder> Change)[] Compositions =
    [
        ("without-training", "towers and sentences alone (nothing trained beside them)", b => Off(b)
            .UseMultiPatch(new MultiPatchOptions { Projection = PatchProjection.Clip, Neighbourhood = 1 }).WithStages(1)),
        ("without-modules", "I2TP, SP, MPFA and MP off", Off),
        ("without-i2tp", "I2TP off", b => b.WithoutImageToTextPrompt()),
        ("without-sp", "SP off", b => b.WithoutSelfPrompt()),
        ("without-mpfa", "MPFA off (N = 1)", b => b.WithoutMultiPatch()),
        ("without-mp", "MP off", b => b.WithoutMaskPrompt()),
        (ZeroShot, "the model, zero-shot", b => b),
    ];

    private const string ZeroShot = "zero-shot", SelfComparison = "self-comparison";

    /// <summary>All lines.</summary>
    public IReadOnlyList<(string Key, string Title, bool ReadsModel)> All { get; } =
    [
        .. Free.Select(f => (f.Key, f.Title, false)),
        (SelfComparison, "an image compared with itself", true),
        .. Compositions.Select(c => (c.Key, c.Title, true)),
        .. shots.Select(k => (Bank(k), $"memory bank alone, {Images(k)}", true)),
        .. shots.Select(k => (Both(k), $"the model with {Images(k)}", true)),
    ];

    /// <summary>The lines that need no model.</summary>
    public static IReadOnlyList<(string Key, EvaluationLine Line)> WithoutModel(IReadOnlySet<string> wanted) =>
        [.. Free.Where(f => wanted.Contains(f.Key)).Select(f => (f.Key, new EvaluationLine(f.Title, (_, _) => f.Build())))];

    /// <summary>Wanted lines of a model with their keys; detectors that live as long as the study goes into <paramref name="owned"/>.</summary>
    public IReadOnlyList<(string Key, EvaluationLine Line)> Of(BaselineModel model, IReadOnlySet<string> wanted, ICollection<IDisposable> owned)
    {
        var lines = new List<(string, EvaluationLine)>();
        ZeroShotDetector? whole = null;
        ZeroShotDetector Whole() => whole ??= Own(model.Compose().Build());
        foreach (var (key, title, _) in All.Where(l => l.ReadsModel && wanted.Contains(l.Key)))
        {
            // Everything that shares the whole model stands together, so that its pass over a batch is still at hand.
            if (key == SelfComparison)
            {
                var self = Own(BaselineDetector.SelfComparison(Whole()));
                lines.Add((key, new(title, (_, _) => self.WithCalibration(null)) { Seed = model.Seed }));
            }
            else if (Compositions.FirstOrDefault(c => c.Key == key) is { Change: { } change })
            {
                var detector = key == ZeroShot ? Whole() : Own(change(model.Compose()).Build());
                lines.Add((key, new(title, (_, _) => detector.WithCalibration(null)) { Seed = model.Seed }));
            }
            else
            {
                int k = shots.First(s => key == Bank(s) || key == Both(s));
                var detector = Whole();
                lines.Add((key, new(title, (category, references) =>
                    Referenced(detector, category, references, key == Bank(k) ? 1 : null)) { Seed = model.Seed, Shots = k }));
            }
        }

        return lines;

        ZeroShotDetector Own(ZeroShotDetector detector)
        {
            owned.Add(detector);
            return detector;
        }
    }

    private static ZeroShotDetector Referenced(ZeroShotDetector detector, AnomalyCategory category, IReadOnlyList<AnomalySample> references, double? weight) =>
        detector.WithReferences(
        [.. references.Select(r => ImageInput.FromFile(r.ImagePath))], new()
        {
            ClassName = category.ClassName, Weight = weight, Join = weight is 1 ? ReferenceJoin.Fixed : ReferenceJoin.Adaptive, // a bank alone is the plain one
        });

    private static ZeroShotDetectorBuilder Off(ZeroShotDetectorBuilder builder) => builder.WithoutImageToTextPrompt().WithoutSelfPrompt()
        .WithoutMultiPatch().WithoutMaskPrompt();

    private static string Bank(int k) => FormattableString.Invariant($"memory-bank-{k}");

    private static string Both(int k) => FormattableString.Invariant($"with-{k}");

    private static string Images(int k) => k == 1 ? "1 reference image" : $"{k} reference images";
}
