using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using MfpClip.Diagnostics;
using MfpClip.Evaluation.Decisions;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation;

/// <summary>What a detector did on one test image.</summary>
/// <param name="Image">Path, from the category's folder on.</param>
/// <param name="Defect">Kind of defect; <see langword="null"/>: good.</param>
/// <param name="Score">Raw anomaly score.</param>
/// <param name="MapMaximum">Highest value of the map that was evaluated.</param>
public sealed record ImageOutcome(string Image, string? Defect, float Score, float MapMaximum)
{
    /// <summary>What the detector decided; <see langword="null"/> without a calibration.</summary>
    public bool? IsAnomalous { get; init; }
}

/// <summary>Why a case is shown.</summary>
public enum CaseKind
{
    /// <summary>A defective image with one of the lowest scores.</summary>
    Missed,

    /// <summary>A normal image with one of the highest scores.</summary>
    FalseAlarm,

    /// <summary>A defective image with one of the highest scores.</summary>
    Found,

    /// <summary>A normal image with one of the lowest scores.</summary>
    Passed,
}

/// <summary>One of the best or worst cases, with small images: JPEG, the mask PNG.</summary>
public sealed record EvaluationCase
{
    /// <summary>Why it is shown.</summary>
    public required CaseKind Kind { get; init; }

    /// <summary>The image.</summary>
    public required ImageOutcome Outcome { get; init; }

    /// <summary>Name of the image files where they were saved.</summary>
    public string? Pictures { get; init; }

    /// <summary>The photo, made smaller.</summary>
    public required byte[] Photo { get; init; }

    /// <summary>The mask, white on black; <see langword="null"/> where it is not known.</summary>
    public byte[]? Truth { get; init; }

    /// <summary>The map in colours from the category's lowest to its highest value.</summary>
    public required byte[] Map { get; init; }

    /// <summary>The map over the photo, the mask's outline in white.</summary>
    public required byte[] Overlay { get; init; }
}

/// <summary>A detector on one category.</summary>
public sealed record CategoryEvaluation
{
    /// <summary>Name in reports.</summary>
    public required string Key { get; init; }

    /// <summary>Data set it belongs to.</summary>
    public required string DataSet { get; init; }

    /// <summary>The words in the prompts.</summary>
    public required string ClassName { get; init; }

    /// <summary>Metrics.</summary>
    public required EvaluationMetrics Metrics { get; init; }

    /// <summary>Normal images tested.</summary>
    [JsonPropertyName("good")]
    public required int Normal { get; init; }

    /// <summary>Defective images tested.</summary>
    public required int Defective { get; init; }

    /// <summary>All images tested.</summary>
    public int Images => Normal + Defective;

    /// <summary>Decoding and detection, mean over the images; metrics and smoothing not counted.</summary>
    public required double SecondsPerImage { get; init; }

    /// <summary>Weights hash of the detector, where it was built for this category.</summary>
    public string? WeightsHash { get; init; }

    /// <summary>Normal training images that the detector was built with, as paths from the category's folder on.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>Whether every pixel's score was kept, none binned.</summary>
    public bool PixelsExact { get; init; } = true;

    /// <summary>What a reader of the figures must know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Test images, or masks of them, that could not be read and are in no figure: a sentence each, with the file.</summary>
    public IReadOnlyList<string> Unreadable { get; init; } = [];

    internal IEnumerable<string> AllNotes => Notes.Concat(Unreadable.Select(u => $"left out of every figure: {u.TrimEnd('.')}"));

    /// <summary>Each test image.</summary>
    public IReadOnlyList<ImageOutcome> Outcomes { get; init; } = [];

    /// <summary>Raw score from which the detector calls an image anomalous; <see langword="null"/> without a calibration.</summary>
    public double? ImageThreshold { get; init; }

    /// <summary>Map value from which the detector takes a pixel for a defect; <see langword="null"/> without a calibration.</summary>
    public double? PixelThreshold { get; init; }

    /// <summary>Map value at which F1 over all pixels is highest, known only after the test; <see langword="null"/> without pixel metrics.</summary>
    public double? BestPixelThreshold { get; init; }

    /// <summary>Each connected defect of the masks.</summary>
    public IReadOnlyList<DefectOutcome> Defects { get; init; } = [];

    /// <summary>Pixels that the detector did not inspect; <see langword="null"/>: it inspected all.</summary>
    public UncoveredPixels? Uncovered { get; init; }

    /// <summary>ROC curve of the images.</summary>
    public IReadOnlyList<CurvePoint> ImageRoc { get; init; } = [];

    /// <summary>ROC curve of the pixels.</summary>
    public IReadOnlyList<CurvePoint> PixelRoc { get; init; } = [];

    /// <summary>Per-region overlap over the false positive rate.</summary>
    public IReadOnlyList<CurvePoint> Pro { get; init; } = [];

    /// <summary>Best and worst cases.</summary>
    public IReadOnlyList<EvaluationCase> Cases { get; init; } = [];
}

/// <summary>One detector on all categories, with everything needed to run it again.</summary>
public sealed record EvaluationRun
{
    /// <summary>The composed detector.</summary>
    public required DetectorDescription Detector { get; init; }

    /// <summary>By name.</summary>
    public required IReadOnlyList<CategoryEvaluation> Categories { get; init; }

    /// <summary>Name of what was tested on.</summary>
    public required string DataSet { get; init; }

    /// <summary>Seed of the training, or of the run.</summary>
    public long Seed { get; init; }

    /// <summary>Who learned from what and is judged by what, in lines.</summary>
    public IReadOnlyList<string> Protocol { get; init; } = [];

    /// <summary>Names of the categories that the modules were trained on; empty: nothing was trained; <see langword="null"/>: not known.</summary>
    public IReadOnlyList<string>? TrainedOn { get; init; }

    /// <summary>Settings of the evaluation by name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Machine and versions by name.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>A sentence every reader must know, for example that the weights are random.</summary>
    public string? Notice { get; init; }

    /// <summary>When it began, in UTC.</summary>
    public DateTime Started { get; init; }

    /// <summary>How long it took altogether.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Mean over the categories, each counting the same.</summary>
    public EvaluationMetrics Mean => EvaluationMetrics.Mean([.. Categories.Select(c => c.Metrics)]);

    /// <summary>The notes of all categories, each with its key: what a reader of the figures must know.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Notes => [.. Categories.SelectMany(c => c.AllNotes.Select(n => $"{c.Key}: {n}"))];

    /// <summary>All images.</summary>
    public int Images => Categories.Sum(c => c.Images);

    /// <summary>Mean over all images.</summary>
    public double SecondsPerImage => Images == 0 ? 0 : Categories.Sum(c => c.SecondsPerImage * c.Images) / Images;

    internal static Dictionary<string, string> EnvironmentInfo() => new()
    {
        ["os"] = RuntimeInformation.OSDescription,
        ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["processors"] = System.Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["torchsharp"] = typeof(TorchSharp.torch).Assembly.GetName().Version?.ToString() ?? "unknown",
        ["mfpclip"] = LibraryVersion.Current,
    };
}
