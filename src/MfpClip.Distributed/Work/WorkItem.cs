using System.Text.Json.Serialization;

namespace MfpClip.Distributed;

/// <summary>One image to detect: where it is and what decides its result. Never its pixels.</summary>
public sealed record WorkItem
{
    private const int LongestJob = 64, LongestUri = 8192;

    /// <summary>Where the image is: <c>file:</c>, <c>http:</c>, <c>https:</c>, or whatever an <see cref="IImageStore"/> reads.</summary>
    [JsonConverter(typeof(AbsoluteUriConverter))]
    public required Uri Image { get; init; }

    /// <summary>SHA-256 of the image's bytes, lower-case hexadecimal; an image with another one is not detected.</summary>
    [JsonPropertyName("sha256")]
    public required string ImageSha256 { get; init; }

    /// <summary>Class words; detectors that read no text have one result for all of them.</summary>
    [JsonPropertyName("class")]
    public required string ClassName { get; init; }

    /// <summary>The detector whose result is meant.</summary>
    public required DetectorFingerprint Detector { get; init; }

    /// <summary>The job that it belongs to: letters, digits, '-' and '_', at most 64.</summary>
    public required string Job { get; init; }

    /// <summary>Its place in the job, from 0.</summary>
    public required long Index { get; init; }

    /// <summary>
    /// SHA-256 over what decides the result: image, class words, recipe, weights and calibration. A retry has the same key, and so has an equal image of
    /// another job, which is then not computed a second time.
    /// </summary>
    [JsonIgnore]
    public string Key => WorkHash.Of(ImageSha256, ClassName, Detector.RecipeHash, Detector.WeightsHash, Detector.CalibrationHash);

    /// <summary>Name of the place in the job: a second message with it is a duplicate.</summary>
    [JsonIgnore]
    public string Id => FormattableString.Invariant($"{Job}.{Index}");

    /// <summary>What is wrong with it, as text; empty where nothing is.</summary>
    public IReadOnlyList<string> Faults() =>
    [
        .. Image is not { IsAbsoluteUri: true } ? ["the URI of the image is not absolute"]
            : Image.UserInfo.Length > 0 ? ["the URI of the image holds a user name or password, which would be stored in the queue"]
            : Image.OriginalString.Length > LongestUri ? [$"the URI of the image has more than {LongestUri} characters"] : Array.Empty<string>(),
        .. WorkHash.IsHash(ImageSha256) ? Array.Empty<string>() : ["sha256 is not 64 lower-case hexadecimal digits"],
        .. string.IsNullOrWhiteSpace(ClassName) || ClassName.Length > ClassWords.MaximumLength
            ? [$"the class words are empty or longer than {ClassWords.MaximumLength} characters"] : Array.Empty<string>(),
        .. IsJob(Job) ? Array.Empty<string>() : [$"the job '{Job}' is not 1 to {LongestJob} letters, digits, '-' and '_'"],
        .. Index >= 0 ? Array.Empty<string>() : ["the index is below 0"],
    ];

    /// <summary>Whether a text can name a job.</summary>
    /// <param name="job">The name.</param>
    public static bool IsJob(string? job) => job is { Length: > 0 and <= LongestJob } && job.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
