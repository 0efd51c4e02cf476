namespace MfpClip.References;

/// <summary>How a token is compared with the stored ones. With several neighbours it is computed from the mean of their squared distances.</summary>
public enum NeighbourDistance
{
    /// <summary>One minus the cosine, 0 to 2: half the squared L2 distance of the unit vectors.</summary>
    Cosine,

    /// <summary>L2 distance.</summary>
    Euclidean,

    /// <summary>Square of the L2 distance, as faiss' IndexFlatL2 returns it.</summary>
    SquaredEuclidean,
}
