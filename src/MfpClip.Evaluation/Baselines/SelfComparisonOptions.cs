using System.Globalization;

namespace MfpClip.Evaluation.Baselines;

/// <summary>Settings of an image's comparison with itself. Immutable.</summary>
public sealed record SelfComparisonOptions
{
    /// <summary>
    /// Side of the neighbourhood over which features are averaged, odd; 1 switches it off. Places whose neighbourhoods overlap are not compared.
    /// </summary>
    /// <value>Default 3, as in the memory bank of normal images.</value>
    public int Neighbourhood { get; init; } = 3;

    /// <summary>Fractions of the image's own places that count as nearest; a distance is taken to the mean of each, and their mean is the map.</summary>
    /// <value>Default 1, 5 and 20 %.</value>
    public IReadOnlyList<double> Fractions { get; init; } = [0.01, 0.05, 0.2];

    /// <summary>Cells of the map whose mean is the score.</summary>
    /// <value>Default 16, as in the memory bank of normal images.</value>
    public int TopCells { get; init; } = 16;

    internal IEnumerable<string> Faults()
    {
        if (Neighbourhood < 1 || Neighbourhood % 2 == 0)
        {
            yield return $"Self-comparison: the neighbourhood is {Neighbourhood}; it must be odd and at least 1.";
        }

        if (Fractions.Count == 0 || Fractions.Any(s => !(s is > 0 and <= 1)))
        {
            string given = string.Join(", ", Fractions.Select(v => v.ToString(CultureInfo.InvariantCulture)));
            yield return FormattableString.Invariant(
                $"Self-comparison: the fractions are [{given}]; at least one, each above 0 and at most 1.");
        }

        if (TopCells < 1)
        {
            yield return $"Self-comparison: the top cells are {TopCells}; at least 1 is needed.";
        }
    }
}
