namespace MfpClip.Evaluation.Decisions;

/// <summary>A number of cases out of all, with the interval in which its true rate lies.</summary>
/// <param name="Count">Cases, 0 to <paramref name="Total"/>.</param>
/// <param name="Total">All; 0: there is no rate.</param>
public readonly record struct Proportion(int Count, int Total)
{
    /// <summary>The 97.5 % point of the normal distribution.</summary>
    internal const double Z = 1.959963984540054;

    /// <summary>The rate, 0 to 1; <see langword="null"/> where there is nothing to count.</summary>
    public double? Value => Total == 0 ? null : (double)Count / Total;

    /// <summary>Lower end of Wilson's score interval of 95 %; <see langword="null"/> where there is nothing to count.</summary>
    public double? Lower => Bound(-1);

    /// <summary>Upper end of Wilson's score interval of 95 %; <see langword="null"/> where there is nothing to count.</summary>
    public double? Upper => Bound(1);

    /// <summary>Both counted together.</summary>
    public static Proportion operator +(Proportion a, Proportion b) => Add(a, b);

    /// <summary>Both counted together.</summary>
    public static Proportion Add(Proportion left, Proportion right) => new(left.Count + right.Count, left.Total + right.Total);

    /// <summary>Percent with the interval and the counts: "95.0 (76.4 to 99.1), 19 of 20"; "n/a" without cases.</summary>
    public override string ToString() => Value is not { } v ? "n/a" : string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{100 * v:0.0} ({100 * Lower:0.0} to {100 * Upper:0.0}), {Count} of {Total}");

    private double? Bound(int side)
    {
        if (Value is not { } p)
        {
            return null;
        }

        // At the ends the interval reaches 0 or 1 exactly; rounding must not leave it short of that.
        if (side < 0 ? Count == 0 : Count == Total)
        {
            return p;
        }

        double z2 = Z * Z, n = Total;
        return (p + (z2 / (2 * n)) + (side * Z * Math.Sqrt((p * (1 - p) / n) + (z2 / (4 * n * n))))) / (1 + (z2 / n));
    }
}
