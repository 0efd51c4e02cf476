namespace MfpClip.References;

/// <summary>What is worse than it could be about a set of references, as text.</summary>
internal static class ReferenceWarnings
{
    private const int MostNamed = 4;

    /// <param name="images">All of them.</param>
    /// <param name="cut">Whether less is stored of some than was read.</param>
    /// <param name="outlying">Id of the one that looks as an image with a defect does; <see langword="null"/>: none.</param>
    public static IEnumerable<string> Of(IReadOnlyList<ReferenceImage> images, bool cut, string? outlying)
    {
        if (images.Count == 1)
        {
            yield return $"'{images[0].Name}' is the only reference: what is usual on normal images is estimated from the rest of the same image. "
                + $"Two or more are better.";
        }

        if (images.FirstOrDefault(i => i.Id == outlying) is { } odd)
        {
            yield return $"'{odd.Name}' stands out from the other references, as an image with a defect does: look at it. "
                + $"A defect in a reference is learned as normal; remove it by its name or its id {odd.Id}.";
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
}
