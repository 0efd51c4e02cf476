using MfpClip.Data;
using MfpClip.References;

namespace MfpClip.Evaluation.Shots;

/// <summary>
/// Detectors of one category with more and more references: each draw adds to the largest before it that it holds. Nothing is computed twice.
/// </summary>
internal sealed class GrowingReferences(
    ZeroShotDetector detector, ReferenceOptions options, string? className, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    : IDisposable
{
    private readonly List<(HashSet<string> Images, ZeroShotDetector Detector)> _grown = [];

    /// <summary>A detector with references, the caller's own.</summary>
    /// <param name="category">The category.</param>
    /// <param name="references">None: the detector itself.</param>
    /// <param name="seed">Of the draw, for progress.</param>
    public ZeroShotDetector With(AnomalyCategory category, IReadOnlyList<AnomalySample> references, long seed)
    {
        if (references.Count == 0)
        {
            return detector.WithCalibration(null);
        }

        var wanted = references.Select(r => r.ImagePath).ToHashSet(StringComparer.Ordinal);
        var known = _grown.Where(g => g.Images.IsSubsetOf(wanted)).OrderByDescending(g => g.Images.Count).FirstOrDefault();
        if (known.Images is null || known.Images.Count < wanted.Count)
        {
            ImageInput[] added = [.. references.Select(r => r.ImagePath).Where(p => known.Images?.Contains(p) != true).Select(ImageInput.FromFile)];
            var said = progress is null ? null : new Reading(progress, $"{category.Key}, {added.Length} normal images of seed {seed}");
            known = (wanted, known.Detector?.AddReferences(added, said, cancellationToken) ?? detector.WithReferences(
                added, options.ClassName == ClassWords.Default ? options with { ClassName = className ?? category.ClassName } : options, said,
                cancellationToken));
            _grown.Add(known);
        }

        return known.Detector.WithCalibration(null);
    }

    public void Dispose() => _grown.ForEach(g => g.Detector.Dispose());

    private sealed class Reading(IProgress<EvaluationProgress> inner, string what) : IProgress<int>
    {
        public void Report(int value) => inner.Report(new($"{what}: {value}", 0, 1));
    }
}
