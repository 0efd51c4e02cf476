using MfpClip.Data;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation;

/// <summary>Where maps and masks meet.</summary>
public enum EvaluationResolution
{
    /// <summary>At the size of each image, to which maps are resized: no mask loses anything, and models of all sizes are judged alike.</summary>
    Image,

    /// <summary>
    /// At the model's input size, to which masks are resized: what AnomalyCLIP, APRIL-GAN and the papers that follow them report, at 518 px.
    /// Of a small model small masks may vanish; the report then says so.
    /// </summary>
    Model,
}

/// <summary>How a detector is judged.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Width of the Gaussian that smooths maps before the pixel metrics, in pixels of the map that is evaluated. Scores are not touched.</summary>
    /// <value>Default 0: none. AnomalyCLIP and APRIL-GAN smooth with 4.</value>
    public double SmoothingSigma { get; init; }

    /// <summary>Where maps and masks meet.</summary>
    /// <value>Default <see cref="EvaluationResolution.Image"/>; take <see cref="EvaluationResolution.Model"/> to compare with published figures.</value>
    public EvaluationResolution Resolution { get; init; } = EvaluationResolution.Image;

    /// <summary>Test images of each category at most, normal and defective alike, spread over all kinds; for trial runs.</summary>
    /// <value>Default <see langword="null"/>: all.</value>
    public int? Limit { get; init; }

    /// <summary>All normal training images, as a number of shots.</summary>
    public const int AllShots = int.MaxValue;

    /// <summary>Normal training images that a detector which is built for each category may read; <see cref="AllShots"/>: all.</summary>
    /// <value>Default 0: zero-shot.</value>
    public int Shots { get; init; }

    /// <summary>Which of them: with 0 the first by name, with other seeds a random draw, the same on every machine.</summary>
    public long ShotSeed { get; init; }

    /// <summary>
    /// Whether the tested images of each category are compared with one another, without normal ones (<see cref="ZeroShotDetector.WithTestedBatch"/>).
    /// </summary>
    public bool TestedBatch { get; init; }

    /// <summary>Images handed to the detector at once.</summary>
    /// <value>Default 4.</value>
    public int BatchSize { get; init; } = 4;

    /// <summary>Best and worst cases kept with images, of each kind and category.</summary>
    /// <value>Default 2.</value>
    public int Cases { get; init; } = 2;

    /// <summary>Words for the prompts, where the category's own are not wanted.</summary>
    /// <value>Default <see langword="null"/>: <see cref="AnomalyCategory.ClassName"/>.</value>
    public string? ClassName { get; init => field = string.IsNullOrWhiteSpace(value) ? value : ClassWords.Of(value); }

    /// <summary>How pixel metrics are computed.</summary>
    public PixelMetricsOptions Pixels { get; init; } = new();

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(SmoothingSigma);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Cases);
        ArgumentOutOfRangeException.ThrowIfNegative(Shots);
        if (TestedBatch && Shots > 0)
        {
            throw new ArgumentException("A tested batch is compared without normal images: leave Shots at 0, or TestedBatch off.", nameof(TestedBatch));
        }

        if (Limit is { } limit)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, 2, nameof(Limit));
        }
    }
}

/// <summary>How far an evaluation is.</summary>
/// <param name="Category">Category at work.</param>
/// <param name="Done">Images done, of all categories.</param>
/// <param name="Total">All images.</param>
public readonly record struct EvaluationProgress(string Category, int Done, int Total);

/// <summary>Builds the detector of one category, which may read normal examples of it. The evaluator disposes what it gets.</summary>
/// <param name="category">The category to be tested.</param>
/// <param name="references"><see cref="EvaluationOptions.Shots"/> images of train/good; the first by name unless a seed draws others.</param>
public delegate IZeroShotDetector CategoryDetector(AnomalyCategory category, IReadOnlyList<AnomalySample> references);

/// <summary>One of several detectors that are tested together on the same images.</summary>
/// <param name="Name">What people read, for example "2 reference images and the model".</param>
/// <param name="Build">Builds the detector of a category; what it gives is disposed after the category.</param>
public sealed record EvaluationLine(string Name, CategoryDetector Build)
{
    /// <summary>Normal training images that it may read; <see cref="EvaluationOptions.AllShots"/>: all.</summary>
    /// <value>Default 0: zero-shot.</value>
    public int Shots { get; init; }

    /// <summary>Which of them, as <see cref="EvaluationOptions.ShotSeed"/> says.</summary>
    public long ShotSeed { get; init; }

    /// <summary>Seed of its training, or of what else is drawn.</summary>
    public long Seed { get; init; }
}
