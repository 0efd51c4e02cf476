using System.Diagnostics;
using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Detection;

/// <summary>A decoded and resized image on its way to the forward pass.</summary>
internal sealed record PreparedImage(string Name, int Width, int Height, PreprocessedImage Image, TimeSpan Decode, TimeSpan Prepare)
{
    /// <summary>The reference with the same pixels that it is not compared with; <see langword="null"/>: none.</summary>
    public ReferenceEntry? LeftOut { get; init; }

    /// <summary>The image as it was decoded, where the pass prepares it in another way too.</summary>
    public RgbImage? Original { get; init; }

    /// <summary>Name of the reference with the same pixels; <see langword="null"/>: none.</summary>
    public string? EqualReference { get; init; }

    /// <summary>Where to look in the image; <see langword="null"/>: everywhere.</summary>
    public RegionOfInterest? Region { get; init; }

    /// <summary>What the model sees, in pixels of the region.</summary>
    public CoveredArea RegionPart { get; init; }

    /// <summary>What the reader of the result should know.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];
}

/// <summary>From a map and a score to a result: image resolution, region of interest, defect regions, decision.</summary>
internal static class DetectionReading
{
    /// <summary>Pixels of a map at the size of the image that is made only to be thrown away.</summary>
    private const long MostUnasked = 16L << 20;

    public static AnomalyResult Read(
        PreparedImage image, AnomalyMap modelMap, float score, IMapReading? reading, DetectionOptions options, ScoreCalibration? calibration,
        ScoreIdentity identity, DetectionTimings timings)
    {
        long start = Stopwatch.GetTimestamp();
        // Of a large image whose map nobody asked for it is computed row by row.
        bool stretched = reading is null && !options.IncludeImageMap && (long)image.Width * image.Height > MostUnasked
            && image.Image.Covered == new CoveredArea(0, 0, image.Width, image.Height);
        var imageMap = stretched ? null : reading is null ? MapResize.ToImage(modelMap, image.Width, image.Height, image.Image.Covered)
            : reading.ToImage(modelMap, image.Width, image.Height, image.Image.Covered);
        imageMap = imageMap is null || image.Region is null ? imageMap : RegionMask.Apply(imageMap, image.Region);
        float threshold = options.PixelThreshold ?? calibration?.PixelThreshold ?? 0.5f;
        var rows = imageMap is not null ? MapRows.Of(imageMap) : new StretchedMap(modelMap, image.Width, image.Height, image.Region);
        var regions = DefectRegions.Find(rows, threshold, options.MinimumRegionArea);
        return new()
        {
            ImageName = image.Name,
            ClassName = options.ClassName,
            Identity = identity,
            EqualReference = image.LeftOut is null ? image.EqualReference : null,
            Score = score,
            CalibratedScore = calibration?.Calibrate(score),
            IsAnomalous = calibration?.IsAnomalous(score),
            Threshold = calibration?.ImageThreshold,
            ModelMap = reading?.ToModel(modelMap) ?? modelMap,
            ImageMap = options.IncludeImageMap ? imageMap : null,
            ImageWidth = image.Width,
            ImageHeight = image.Height,
            Regions = regions,
            Notices = image.Notices,
            PixelThreshold = threshold,
            // A method that stretches what it sees over the whole image says something of all of it.
            InspectedRegion = reading is ReferencedPass { CoversWholeImage: true } ? image.Region
                : RegionMask.Inspected(image.Region, image.Image.Covered, image.Width, image.Height),
            Timings = timings with { Postprocess = Stopwatch.GetElapsedTime(start) },
        };
    }
}
