using System.Globalization;

namespace MfpClip.References;

/// <summary>What is worse than it could be about a set of references, as text.</summary>
internal static class ReferenceWarnings
{
    private const int MostNamed = 4;

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

        foreach (string shape in Shapes(images))
        {
            yield return shape;
        }

        if (cut)
        {
            yield return "The references have more tokens than ReferenceOptions.MaximumTokens: each keeps the first of its coreset only.";
        }
    }

    // Of thousands a few are named.
    private static IEnumerable<string> Shapes(IReadOnlyList<ReferenceImage> images)
    {
        var first = images[0];
        double shape = (double)first.Width / first.Height;
        var others = images.Where(i => Math.Abs(Math.Log((double)i.Width / i.Height / shape)) > 0.1).ToList();
        const string Why = "all are resized to the model's input, so their patches compare badly.";
        if (others.Count > MostNamed)
        {
            yield return $"{others.Count} of {images.Count} references have another shape than '{first.Name}' ({first.Width} x {first.Height}), such as "
                + $"'{others[0].Name}' ({others[0].Width} x {others[0].Height}): {Why}";
            yield break;
        }

        foreach (var other in others)
        {
            yield return $"'{other.Name}' ({other.Width} x {other.Height}) has another shape than '{first.Name}' ({first.Width} x {first.Height}): "
                + "both are resized to the model's input, so their patches compare badly.";
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
