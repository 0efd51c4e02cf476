using System.Globalization;

namespace MfpClip;

/// <summary>
/// Everything that moves a score, by name: method, weights, modules, references, image size, scales, precision, decoder, class words, region of
/// interest. Scores of equal identity can be compared, and a threshold holds for no others. Device and number of threads do not count.
/// </summary>
/// <remarks>
/// The list is open: a detector that has more to say has more entries (<see cref="StageDescription.Identity"/>). What a detector does not have has no entry.
/// </remarks>
public sealed record ScoreIdentity
{
    /// <summary>Entry of the class words of a call.</summary>
    public const string ClassWords = "class_words";

    /// <summary>Entry of the region of interest of a call.</summary>
    public const string RegionOfInterest = "region_of_interest";

    /// <summary>Value of an entry that is not there.</summary>
    public const string None = "none";

    /// <summary>Value of <see cref="RegionOfInterest"/> where every image had a region of its own.</summary>
    public const string EachImage = "one for each image";

    private readonly SortedDictionary<string, string> _entries = new(StringComparer.Ordinal);

    /// <summary>Values by name, ordered by name; settings of a part are named "part.setting".</summary>
    public required IReadOnlyDictionary<string, string> Entries
    {
        get => _entries;
        init => _entries = new(value.ToDictionary(), StringComparer.Ordinal);
    }

    /// <summary>What moves the scores of a detector, whatever it is called with.</summary>
    public static ScoreIdentity Of(DetectorDescription detector)
    {
        ArgumentNullException.ThrowIfNull(detector);
        var entries = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["method"] = detector.MethodId.Length > 0 ? detector.MethodId : detector.Method,
            ["image_size"] = detector.ImageSize.ToString(CultureInfo.InvariantCulture),
            ["precision"] = detector.Precision.ToLowerInvariant(),
        };
        foreach (var (name, value) in detector.Stages.SelectMany(StageIdentity.Of))
        {
            string free = name;
            for (int i = 2; !entries.TryAdd(free, value); i++)
            {
                free = $"{name} {i}";
            }
        }

        return new() { Entries = entries };
    }

    /// <summary>The same for a call with these options.</summary>
    public ScoreIdentity With(DetectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new()
        {
            Entries = new Dictionary<string, string>(_entries)
            {
                [ClassWords] = options.ClassName,
                [RegionOfInterest] = options.RegionOfInterest?.Identity ?? None,
            },
        };
    }

    /// <summary>
    /// How another identity differs. Class words and region are compared where both name them; words that are the same class
    /// (<see cref="MfpClip.ClassWords"/>) are equal.
    /// </summary>
    /// <param name="other">Of the detector, where this is a calibration's.</param>
    /// <returns>Differences, the main entries first; of a part that only one of them has, the part alone. Empty: none.</returns>
    public IReadOnlyList<ScoreDifference> DifferencesFrom(ScoreIdentity other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return
        [
            .. _entries.Keys.Union(other._entries.Keys).Where(n => !IsEqual(n, Value(n), other.Value(n)) && !IsOfMissingPart(n, other))
                .OrderBy(n => n.Contains('.', StringComparison.Ordinal)).ThenBy(n => n, StringComparer.Ordinal)
                .Select(n => new ScoreDifference(n, Value(n) ?? None, other.Value(n) ?? None)),
        ];
    }

    /// <inheritdoc/>
    public bool Equals(ScoreIdentity? other) => other is not null && _entries.SequenceEqual(other._entries);

    /// <inheritdoc/>
    public override int GetHashCode() => _entries.Aggregate(_entries.Count, (hash, e) => HashCode.Combine(hash, e.Key, e.Value));

    /// <inheritdoc/>
    public override string ToString() => string.Join("; ", _entries.Select(e => $"{e.Key}: {e.Value}"));

    private string? Value(string name) => _entries.GetValueOrDefault(name);

    private bool IsOfMissingPart(string name, ScoreIdentity other) =>
        name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && Value(name[..dot]) is null != (other.Value(name[..dot]) is null);

    private static bool IsEqual(string name, string? here, string? there) => name switch
    {
        ClassWords => here is null || there is null || MfpClip.ClassWords.Same(here, there),
        RegionOfInterest => here is null || there is null || here == there || (here == EachImage && there != None),
        _ => here == there,
    };
}

/// <summary>One thing that moves scores and is not the same on both sides.</summary>
/// <param name="Name">Entry of <see cref="ScoreIdentity.Entries"/>.</param>
/// <param name="Calibration">What the calibration was made with.</param>
/// <param name="Detector">What the detector, or the call, has.</param>
public sealed record ScoreDifference(string Name, string Calibration, string Detector)
{
    /// <summary>As text.</summary>
    public override string ToString() => $"{Name}: calibration has {Calibration}, the detector has {Detector}";
}
