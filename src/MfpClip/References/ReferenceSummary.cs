namespace MfpClip.References;

/// <summary>The memory bank of a detector.</summary>
public sealed record ReferenceSummary
{
    /// <summary>The images, ordered by id.</summary>
    public required IReadOnlyList<ReferenceImage> Images { get; init; }

    /// <summary>Options it was made with.</summary>
    public required ReferenceOptions Options { get; init; }

    /// <summary>Weight of the references against the method's own map and score, 0 to 1: as requested, or as estimated from the references.</summary>
    public required double Weight { get; init; }

    /// <summary>Tokens that images are compared with.</summary>
    public required int Tokens { get; init; }

    /// <summary>Width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>What is worse than it could be, and what to do: a single image, one that differs from the others, another shape, copies.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>A stored image.</summary>
/// <param name="Id">From its pixels: the first 16 hexadecimal digits of their SHA-256.</param>
/// <param name="Name">As it was given, for people; each name once.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Distance">Mean of its most distant cells to the other images (with one image: to the rest of itself); cosine distance, 0 to 2.</param>
public sealed record ReferenceImage(string Id, string Name, int Width, int Height, float Distance)
{
    /// <summary>Patch tokens of it that images are compared with.</summary>
    public int Tokens { get; init; }
}
