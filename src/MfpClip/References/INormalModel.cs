using MfpClip.Execution;

namespace MfpClip.References;

/// <summary>What is known of normal cells: how far a cell lies from all that the references show. Immutable; owns its tensors.</summary>
internal interface INormalModel : IDisposable
{
    /// <summary>Tokens that cells are compared with, or that it was fitted on.</summary>
    long Tokens { get; }

    /// <summary>Width D of a token.</summary>
    int Width { get; }

    /// <summary>A distance below which nothing can be told; ratios of smaller ones say nothing.</summary>
    double Noise { get; }

    /// <summary>Distances of cells.</summary>
    /// <param name="vectors"><c>[B, N, D]</c>, cells row by row.</param>
    /// <param name="leftOut">For each image the reference that it is not compared with; <see langword="null"/>: none.</param>
    /// <param name="context">Its cancellation is checked between blocks.</param>
    /// <returns><c>[B, N]</c>, 0 and more.</returns>
    Tensor Distances(Tensor vectors, IReadOnlyList<ReferenceEntry?>? leftOut, ForwardContext context);

    /// <summary>Distances of the usual cells of each reference to the others; where there is no other, to the rest of the same image.</summary>
    IReadOnlyList<float[]> LeftOut(CancellationToken cancellationToken);

    /// <summary>Whether every reference can be compared with the others alone.</summary>
    bool LeavesOut { get; }

    /// <summary>Mean distance of any two stored cells; <see langword="null"/> where the model knows none.</summary>
    double? AnyTwo { get; }
}
