using System.Globalization;

namespace MfpClip.References;

/// <summary>What is worse than it could be about a set of references, as text.</summary>
internal static class ReferenceWarnings
{
    public static IEnumerable<string> Of(IReadOnlyList<ReferenceImage> images, bool cut, ReferenceScale scale)
    {
        if (images.Count == 1)
        {
            yield return $"'{images[0].Name}' is the only reference: what is usual on normal images is estimated from the rest of the same image. "
                + $"Two or more are better.";
        }

        if (images.Count >= 3)
        {
            foreach (var odd in images.Where(i => IsOdd(i, images, scale)))
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"'{odd.Name}' lies far from the other references ({odd.Distance:0.###}): look at it. "
                    + $"A defect in a reference is learned as good; remove it by its name or its id {odd.Id}.");
            }
        }

        double first = (double)images[0].Width / images[0].Height;
        foreach (var other in images.Where(i => Math.Abs(Math.Log((double)i.Width / i.Height / first)) > 0.1))
        {
            yield return $"'{other.Name}' ({other.Width} x {other.Height}) has another shape than '{images[0].Name}' ({images[0].Width} x {images[0].Height}): "
                + $"both are resized to the model's square, so their patches compare badly.";
        }

        if (cut)
        {
            yield return "The references have more tokens than ReferenceOptions.MaximumTokens: each keeps the first of its coreset only.";
        }
    }

    // Twice as far above the usual distance as the median image: left out, so that the image itself does not hide it.
    private static bool IsOdd(ReferenceImage image, IReadOnlyList<ReferenceImage> images, ReferenceScale scale)
    {
        var others = images.Where(i => i != image).Select(i => (double)i.Distance).Order().ToList();
        double median = (others[(others.Count - 1) / 2] + others[others.Count / 2]) / 2;
        double usual = Math.Min(scale.DistanceCenter, median);
        return image.Distance - usual > 2 * Math.Max(median - usual, 0.01) && image.Distance > others[^1];
    }
}
