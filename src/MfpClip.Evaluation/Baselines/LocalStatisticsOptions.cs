using System.Globalization;

namespace MfpClip.Evaluation.Baselines;

/// <summary>Settings of the classical baseline. Immutable; widths are in pixels of the resized image.</summary>
public sealed record LocalStatisticsOptions
{
    /// <summary>Side to which images are resized.</summary>
    /// <value>Default 320, the default model's.</value>
    public int ImageSize { get; init; } = BaselineDetector.DefaultImageSize;

    /// <summary>Widths (sigma) of the Gaussians through which the image is seen.</summary>
    /// <value>Default 1, 2, 4, 8: octaves.</value>
    public IReadOnlyList<double> Scales { get; init; } = [1, 2, 4, 8];

    /// <summary>Width of the Gaussian that smooths the distances.</summary>
    /// <value>Default 4, as the field smooths its maps.</value>
    public double SmoothingSigma { get; init; } = 4;

    /// <summary>Fraction of the map's pixels, in percent, whose mean is the score.</summary>
    /// <value>Default 1 %, as the default model's score.</value>
    public double TopPercent { get; init; } = 1;

    internal IEnumerable<string> Faults()
    {
        if (ImageSize is < 8 or > 8192)
        {
            yield return $"Local statistics: the image size is {ImageSize}; it must be from 8 to 8192 pixels.";
        }

        if (Scales.Count == 0 || Scales.Any(s => !(s is > 0 and <= 64)) || Scales.Distinct().Count() < Scales.Count)
        {
            string given = string.Join(", ", Scales.Select(v => v.ToString(CultureInfo.InvariantCulture)));
            yield return FormattableString.Invariant(
                $"Local statistics: the scales are [{given}]; at least one, each above 0 and at most 64 pixels, none twice.");
        }

        if (!(SmoothingSigma is >= 0 and <= 64))
        {
            yield return FormattableString.Invariant($"Local statistics: the smoothing is {SmoothingSigma}; it must be from 0 to 64 pixels.");
        }

        if (!(TopPercent is > 0 and <= 100))
        {
            yield return FormattableString.Invariant($"Local statistics: the top share is {TopPercent}; it must be above 0 and at most 100 percent.");
        }
    }
}
