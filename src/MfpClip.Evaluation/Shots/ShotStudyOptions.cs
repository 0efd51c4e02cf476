using MfpClip.References;
namespace MfpClip.Evaluation.Shots;

/// <summary>Settings of a study of the number of normal images.</summary>
public sealed record ShotStudyOptions
{
    /// <summary>Folder for what was run. A study started again with it goes on: what is there is not run again.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>Numbers of normal images; 0: none, <see cref="EvaluationOptions.AllShots"/>: all.</summary>
    /// <value>Default 1, 2, 4, 8.</value>
    public IReadOnlyList<int> Shots { get; init; } = [1, 2, 4, 8];

    /// <summary>
    /// Which images are drawn: with 0 the first by name, with other seeds a random draw, the same on every machine. None and all are run once.
    /// </summary>
    /// <value>Default 0.</value>
    public IReadOnlyList<long> Seeds { get; init; } = [0];

    /// <summary>How the images are stored; the class words are the category's where these are the default ones.</summary>
    public ReferenceOptions References { get; init; } = new();

    /// <summary>How the detector is judged. Shots and their seed are the study's own.</summary>
    public EvaluationOptions Evaluation { get; init; } = new();

    /// <summary>Image decoder; <see langword="null"/>: the library's.</summary>
    public IImageDecoder? Decoder { get; init; }

    internal IEnumerable<string> Faults()
    {
        if (Shots.Count == 0 || Shots.Any(k => k < 0) || Shots.Distinct().Count() < Shots.Count)
        {
            yield return $"The numbers of normal images are {string.Join(", ", Shots.Select(ReferenceDraw.Text))}; at least one is needed, each 0 or more and "
                + "named once.";
        }

        if (Seeds.Count == 0 || Seeds.Distinct().Count() < Seeds.Count)
        {
            yield return $"The seeds of the draws are {string.Join(", ", Seeds)}; at least one is needed, each named once.";
        }
    }
}
