namespace MfpClip;

/// <summary>What may change from call to call. Immutable.</summary>
public sealed record DetectionOptions
{
    /// <summary>Defaults: class name "object", no region of interest, detector's own calibration.</summary>
    public static DetectionOptions Default { get; } = new();

    /// <summary>What the image shows, in words of the prompt's language.</summary>
    /// <value>Default "object", which makes no assumption.</value>
    public string ClassName { get; init; } = "object";

    /// <summary>Where to look; scores and regions outside are ignored. Same size as the image.</summary>
    /// <value>Default <see langword="null"/>: everywhere.</value>
    public RegionOfInterest? RegionOfInterest { get; init; }

    /// <summary>Map value in [0,1] from which a pixel belongs to a defect region.</summary>
    /// <value>Default <see langword="null"/>: the calibration's pixel threshold, or 0.5 without a calibration.</value>
    public float? PixelThreshold { get; init; }

    /// <summary>Regions smaller than this many pixels of the image are dropped.</summary>
    /// <value>Default 1 pixel.</value>
    public int MinimumRegionArea { get; init; } = 1;

    /// <summary>Whether the map is also given at the size of the image.</summary>
    /// <value>Default true.</value>
    public bool IncludeImageMap { get; init; } = true;
}
