using MfpClip.Data;
using MfpClip.Evaluation.Metrics;

namespace MfpClip.Evaluation.SmallDefects;

/// <summary>Settings of a study of small defects on large pictures.</summary>
public sealed record SmallDefectStudyOptions
{
    /// <summary>Sizes of the pictures, width and height in pixels.</summary>
    /// <value>Default 4000 x 3000: 12 megapixels.</value>
    public IReadOnlyList<(int Width, int Height)> Pictures { get; init; } = [(4000, 3000)];

    /// <summary>Products, in turns.</summary>
    /// <value>Default <see cref="SmallDefectSet.Categories"/>.</value>
    public IReadOnlyList<string> Categories { get; init; } = SmallDefectSet.Categories;

    /// <summary>Pictures with defects, of each size of picture.</summary>
    /// <value>Default 8.</value>
    public int Defective { get; init; } = 8;

    /// <summary>Normal pictures, of each size of picture.</summary>
    /// <value>Default 2.</value>
    public int Normal { get; init; } = 2;

    /// <summary>Sizes of the defects in pixels.</summary>
    /// <value>Default 4, 8, 16, 32, 64.</value>
    public IReadOnlyList<int> DefectSizes { get; init; } = [4, 8, 16, 32, 64];

    /// <summary>Defects of each size in a picture.</summary>
    /// <value>Default 2.</value>
    public int DefectsOfEachSize { get; init; } = 2;

    /// <summary>Normal pictures of the product that a line with references is given.</summary>
    /// <value>Default 2.</value>
    public int References { get; init; } = 2;

    /// <summary>All pictures follow from it.</summary>
    public long Seed { get; init; }

    /// <summary>False regions a picture at which recall is measured.</summary>
    /// <value>Default 1.</value>
    public double FalseRegions { get; init; } = 1;

    internal DefectRecallOptions Recall => new() { FalseRegions = FalseRegions, Sizes = DefectSizes };

    internal IEnumerable<string> Faults()
    {
        if (Pictures.Count == 0 || Categories.Count == 0 || DefectSizes.Count == 0)
        {
            yield return "A size of picture, a category and a size of defect are needed, at least.";
        }

        if (Defective < 1 || Normal < 0 || References < 0 || DefectsOfEachSize < 1)
        {
            yield return $"There are {Defective} pictures with {DefectsOfEachSize} defects of each size, {Normal} normal ones and {References} references; at "
                + "least one picture with one defect is needed, the others must not be negative.";
        }
    }
}

/// <summary>A detector to compare.</summary>
/// <param name="Name">In the table.</param>
/// <param name="Detector">With or without tiling; without references. It is not disposed.</param>
public sealed record SmallDefectLine(string Name, ZeroShotDetector Detector)
{
    /// <summary>Whether it is given normal pictures of each product.</summary>
    /// <value>Default: where its method needs some.</value>
    public bool WithReferences { get; init; } = Detector.NeedsReferences;
}

/// <summary>What one detector did on the pictures of one size.</summary>
public sealed record SmallDefectFigures
{
    /// <summary>Name of the detector.</summary>
    public required string Line { get; init; }

    /// <summary>Width of the pictures.</summary>
    public required int Width { get; init; }

    /// <summary>Height of the pictures.</summary>
    public required int Height { get; init; }

    /// <summary>Recall by size at one threshold for all products.</summary>
    public required DefectRecall Recall { get; init; }

    /// <summary>
    /// Recall by size where each product has a threshold of its own, as a calibration gives it: each at the false regions a picture of
    /// <see cref="SmallDefectStudyOptions.FalseRegions"/>.
    /// </summary>
    public required IReadOnlyList<SizeRecall> RecallAtOwnThresholds { get; init; }

    /// <summary>AUROC over all pixels.</summary>
    public required MetricValue PixelAuroc { get; init; }

    /// <summary>AUPRO up to a false positive rate of 0.3.</summary>
    public required MetricValue Aupro { get; init; }

    /// <summary>Seconds a picture: from decoded pixels to the result, median.</summary>
    public required double Seconds { get; init; }

    /// <summary>Tiles a picture; 1: the whole picture.</summary>
    public required int Tiles { get; init; }

    /// <summary>Side of a tile; 0: the whole picture.</summary>
    public required int TileSide { get; init; }

    /// <summary>Processor seconds a picture, of all threads: what else runs on the machine does not count. 0: not measured.</summary>
    public required double ProcessorSeconds { get; init; }

    /// <summary>Processor seconds of one detection by the same detector, of a picture as large as a tile.</summary>
    public required double ProcessorSecondsOfOne { get; init; }

    /// <summary>What a tile costs, as a multiple of one detection, in processor time.</summary>
    public double CostPerTile => ProcessorSeconds / Tiles / ProcessorSecondsOfOne;

    /// <summary>Megapixels of a picture.</summary>
    public double Megapixels => (double)Width * Height / 1e6;
}
