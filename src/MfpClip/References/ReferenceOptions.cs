namespace MfpClip.References;

/// <summary>How reference images are stored and how their map joins the method's own.</summary>
public sealed record ReferenceOptions
{
    /// <summary>What of an image is stored.</summary>
    public ReferenceFeatures Features { get; init; } = ReferenceFeatures.Auto;

    /// <summary>Which stages (or convolutional maps) are stored, 1-based; empty: all.</summary>
    public IReadOnlyList<int> Stages { get; init; } = [];

    /// <summary>Side of the neighbourhood over which tokens are averaged, odd; 1 switches it off. PatchCore's default is 3.</summary>
    public int Neighbourhood { get; init; } = 3;

    /// <summary>Fraction of each image's tokens that the coreset keeps for comparison, above 0 to 1.</summary>
    public double CoresetRatio { get; init; } = 0.5;

    /// <summary>
    /// Tokens of all images together at most. Beyond it every image keeps the first of its coreset order: memory is bounded by this times the width of a token.
    /// </summary>
    public int MaximumTokens { get; init; } = 20_000;

    /// <summary>Cells of the map whose mean is the image's score. One cell alone is noise.</summary>
    public int TopCells { get; init; } = 16;

    /// <summary>Weight of the references against the method's own map and score, 0 to 1.</summary>
    /// <value>
    /// Default <see langword="null"/>: estimated from how well the references explain one another (left one out), see docs/references.md; 0.5 where there is
    /// one only.
    /// <see cref="ReferenceSummary.Weight"/> says what it became.
    /// </value>
    public double? Weight { get; init; }

    /// <summary>How the map of the references and the method's own are brought to one scale. Methods that read references in their own way ignore it.</summary>
    /// <value>Default <see cref="ReferenceJoin.Adaptive"/>. References stored by version 0.1 are <see cref="ReferenceJoin.Fixed"/>: their scores stay.</value>
    public ReferenceJoin Join { get; init; }

    /// <summary>Class words under which the method's own map and score are measured on the references.</summary>
    public string ClassName { get; init => field = string.IsNullOrWhiteSpace(value) ? value : ClassWords.Of(value); } = ClassWords.Default;

    /// <summary>Seed of the coreset's random projection.</summary>
    public long Seed { get; init; }

    internal IEnumerable<string> Faults()
    {
        if (Stages.Any(s => s < 1) || Stages.Distinct().Count() != Stages.Count)
        {
            yield return $"References: the stages are {string.Join(", ", Stages)}; each must be at least 1 and named once.";
        }

        if (Neighbourhood < 1 || Neighbourhood % 2 == 0)
        {
            yield return $"References: the neighbourhood is {Neighbourhood}; it must be odd and at least 1.";
        }

        if (!(CoresetRatio is > 0 and <= 1))
        {
            yield return FormattableString.Invariant($"References: the coreset ratio is {CoresetRatio}; it must be above 0 and at most 1.");
        }

        if (MaximumTokens < 16)
        {
            yield return $"References: the most tokens are {MaximumTokens}; at least 16 are needed.";
        }

        if (TopCells < 1)
        {
            yield return $"References: the top cells are {TopCells}; at least 1 is needed.";
        }

        if (Weight is not (null or (>= 0 and <= 1)))
        {
            yield return FormattableString.Invariant($"References: the weight is {Weight}; it must be from 0 to 1.");
        }

        if (string.IsNullOrWhiteSpace(ClassName))
        {
            yield return "References: the class name is empty. Use \"object\" if the class is not known.";
        }
    }
}

/// <summary>How the map of a memory bank and a method's own are brought to one scale before they are joined; see docs/references.md.</summary>
public enum ReferenceJoin
{
    /// <summary>
    /// An image that as a whole looks unlike the references is compared with its own usual distance, references that look unlike one another weigh less, and
    /// what the method's own map says of like cells of the references is partly taken out of it. So references are of no harm where products vary in look.
    /// </summary>
    Adaptive,

    /// <summary>The same units for every image, as in version 0.1.</summary>
    Fixed,
}

/// <summary>What a memory bank compares.</summary>
public enum ReferenceFeatures
{
    /// <summary>Convolutional maps where the vision tower has some, else its tokens.</summary>
    Auto,

    /// <summary>Patch tokens of the vision tower after each stage.</summary>
    Tokens,

    /// <summary>Maps of the frozen convolutional network inside the vision tower.</summary>
    Convolutional,
}
