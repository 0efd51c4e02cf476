using MfpClip.Imaging;
using MfpClip.References;

namespace MfpClip.Methods.SubspaceAd;

/// <summary>
/// The subspace of normal tokens, fitted image by image. References, or without any the tested batch itself. Not safe for concurrent callers.
/// </summary>
/// <param name="options">Checked before.</param>
internal sealed class SubspaceFit(SubspaceAdOptions options) : IDisposable
{
    private readonly TokenStatistics _mean = new();
    private readonly TokenStatistics? _second = options.RotationDraw == RotationDraw.EachPass && options.RotatedCopies > 0 ? new() : null;

    /// <summary>Tokens of the pass for the mean so far.</summary>
    public long Count => _mean.Count;

    /// <summary>Takes an image that both passes see.</summary>
    /// <param name="tokens"><c>[N, D]</c>.</param>
    public void Add(Tensor tokens)
    {
        _mean.Add(tokens);
        _second?.Add(tokens);
    }

    /// <summary>Takes a rotated copy.</summary>
    /// <param name="tokens"><c>[N, D]</c>.</param>
    /// <param name="copy">Its number in <see cref="Rotations"/>: with <see cref="RotationDraw.EachPass"/> the second half is of the covariance.</param>
    public void AddRotated(Tensor tokens, int copy) => (_second is not null && copy >= options.RotatedCopies ? _second : _mean).Add(tokens);

    /// <summary>Angles of the rotated copies of one reference image, in degrees.</summary>
    /// <param name="image">Number of the image: each has angles of its own.</param>
    /// <returns><see cref="SubspaceAdOptions.RotatedCopies"/> angles, or twice as many with <see cref="RotationDraw.EachPass"/>.</returns>
    public IReadOnlyList<double> Rotations(int image) => Angles(options, image);

    /// <inheritdoc cref="Rotations"/>
    public static IReadOnlyList<double> Angles(SubspaceAdOptions options, int image)
    {
        int count = options.RotatedCopies * (options.RotationDraw == RotationDraw.EachPass ? 2 : 1);
        return [.. Enumerable.Range(0, count).Select(i => Uniform(options.Seed, image, i) * options.LargestRotation)];
    }

    /// <summary>A rotated copy of a reference image, at its own size.</summary>
    public static RgbImage Rotate(RgbImage image, double degrees) => ImageRotation.Filled(image, degrees);

    /// <summary>The subspace of all that was added.</summary>
    /// <exception cref="ReferenceException">There are too few tokens, or all are equal.</exception>
    public TokenSubspace Fit()
    {
        using var scope = torch.NewDisposeScope();
        return TokenSubspace.Fit(_mean.Mean, (_second ?? _mean).Covariance(_mean.Mean), options.ExplainedVariance);
    }

    public void Dispose()
    {
        _mean.Dispose();
        _second?.Dispose();
    }

    // SplitMix64: the same on every machine.
    private static double Uniform(long seed, int image, int copy)
    {
        ulong z = unchecked(((ulong)seed * 0x9E3779B97F4A7C15UL) + ((ulong)(uint)image << 32) + (uint)copy + 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
