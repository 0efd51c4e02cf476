namespace MfpClip;

/// <summary>What may change from call to call. Immutable.</summary>
public sealed record DetectionOptions
{
    private readonly string? _className;

    /// <summary>Defaults: class name "object", no region of interest, detector's own calibration.</summary>
    public static DetectionOptions Default { get; } = new();

    /// <summary>What the image shows, in words of the prompt's language.</summary>
    /// <value>Default: the class words of the detector's calibration; without one "object", which makes no assumption.</value>
    public string ClassName
    {
        get => _className ?? ClassWords.Default;
        init => _className = string.IsNullOrWhiteSpace(value) ? value : ClassWords.Of(value);
    }

    /// <summary>Whether <see cref="ClassName"/> was set; a calibrated detector takes its calibration's otherwise.</summary>
    public bool HasClassName => _className is not null;

    /// <summary>Where to look; scores and regions outside are ignored. Same size as the image.</summary>
    /// <value>Default <see langword="null"/>: the detector's own region, or everywhere.</value>
    public RegionOfInterest? RegionOfInterest { get; init; }

    /// <summary>Map value in [0,1] from which a pixel belongs to a defect region.</summary>
    /// <value>Default <see langword="null"/>: the calibration's pixel threshold, or 0.5 without a calibration.</value>
    public float? PixelThreshold { get; init; }

    /// <summary>Regions smaller than this many pixels of the image are dropped.</summary>
    /// <value>Default 1 pixel.</value>
    public int MinimumRegionArea { get; init; } = 1;

    /// <summary>
    /// Compares an image that is itself one of the detector's references (by its pixels) with the others only, as a new normal image would be: for calibration
    /// from the references. With one reference, the rest of the same image is compared.
    /// </summary>
    /// <value>Default false: it is compared with itself too, and <see cref="AnomalyResult.EqualReference"/> says so.</value>
    public bool LeaveOneOut { get; init; }

    /// <summary>Whether the map is also given at the size of the image.</summary>
    /// <value>Default true.</value>
    public bool IncludeImageMap { get; init; } = true;

    /// <summary>Told of each tile of an image that is detected in tiles; between forward passes.</summary>
    /// <value>Default <see langword="null"/>: nobody is.</value>
    public IProgress<TileProgress>? Progress { get; init; }
}
