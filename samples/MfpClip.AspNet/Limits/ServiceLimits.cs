using System.ComponentModel.DataAnnotations;

namespace MfpClip.AspNet.Limits;

/// <summary>What the service takes, as the section "Service" of the configuration says.</summary>
public sealed class ServiceLimits
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Service";

    /// <summary>Size of one file at most, in units of a million bytes.</summary>
    [Range(0.001, 1000)]
    public double MaximumFileMegabytes { get; set; } = 20;

    /// <summary>Pixels of one photo at most, in millions; checked before a pixel is decoded.</summary>
    [Range(0.001, 500)]
    public double MaximumMegapixels { get; set; } = 50;

    /// <summary>Photos in one request at most.</summary>
    [Range(1, 1000)]
    public int MaximumFiles { get; set; } = 16;

    /// <summary>Detections that run at a time.</summary>
    [Range(1, 64)]
    public int ConcurrentDetections { get; set; } = 1;

    /// <summary>Detections that wait; beyond it the answer is 503 with Retry-After.</summary>
    [Range(0, 10_000)]
    public int QueueLength { get; set; } = 16;

    /// <summary>Seconds after which a request is given up.</summary>
    [Range(1, 3600)]
    public double TimeoutSeconds { get; set; } = 60;

    /// <summary>Size of one file at most.</summary>
    internal long MaximumFileBytes => (long)(MaximumFileMegabytes * 1e6);

    /// <summary>What the decoder is given.</summary>
    internal ImageLimits ImageLimits => new() { MaximumBytes = MaximumFileBytes, MaximumPixels = (long)(MaximumMegapixels * 1e6) };

    /// <summary>Size of a request with that many files, with room for names and the other fields.</summary>
    internal long RequestBytes(int files) => (files * (MaximumFileBytes + 4096)) + 65536;
}
