using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;
using MfpClip.Modules.Scoring;
using MfpClip.References;

namespace MfpClip.Methods.PatchCore;

/// <summary>
/// Settings of PatchCore (Roth et al., arXiv 2106.08265). Defaults are those of the paper; <see cref="AsReleased"/> has what
/// amazon-science/patchcore-inspection computes, <see cref="AsAnomalib"/> what anomalib computes. Immutable.
/// </summary>
public sealed record PatchCoreOptions
{
    /// <summary>
    /// As the paper describes it: Euclidean distances, and an image score weighted by how dense the memory is about the nearest patch (equation 7).
    /// </summary>
    public static PatchCoreOptions AsPublished { get; } = new();

    /// <summary>As the authors' code computes it: squared distances, and the largest as the image's score.</summary>
    public static PatchCoreOptions AsReleased { get; } = new()
    {
        Distance = NeighbourDistance.SquaredEuclidean, ImageScore = PatchCoreImageScore.Maximum,
    };

    /// <summary>As anomalib computes it: pooled maps without adaptive pooling, a coreset that starts at a random patch, a map of the nearest patches.</summary>
    public static PatchCoreOptions AsAnomalib { get; } = new()
    {
        Embedding = PatchEmbeddingKind.AveragePooling, Coreset = PatchCoreset.KCenter, MapInterpolation = MapInterpolation.Nearest,
        SmoothingBorder = MapBorder.Reflect,
    };

    /// <summary>
    /// Folder of a model that the authors' code saved (<c>patchcore_params.pkl</c>, <c>nnscorer_search_index.faiss</c>): its settings stand for those here, its
    /// patches are the references, so that no normal image is needed. Both files are parsed, never run.
    /// </summary>
    /// <value>Default <see langword="null"/>.</value>
    public string? ModelFolder { get; init; }

    /// <summary>Before the names of those files, as ensembles have it: "Ensemble-1-3_".</summary>
    /// <value>Default empty.</value>
    public string ModelPrefix { get; init; } = string.Empty;

    /// <summary>Stages of the CNN whose maps are used, 1-based: 2 is torchvision's <c>layer2</c>. The first decides the grid of patches.</summary>
    /// <value>Default 2 and 3, of strides 8 and 16; of a CNN whose maps have other strides those of 8 and 16.</value>
    public IReadOnlyList<int> Stages { get; init; } = [2, 3];

    /// <summary>Side of the neighbourhood of a patch, odd.</summary>
    /// <value>Default 3.</value>
    [Range(1, 31)]
    public int Neighbourhood { get; init; } = 3;

    /// <summary>Cells from neighbourhood to neighbourhood; above 1 only with <see cref="PatchEmbeddingKind.AdaptivePooling"/>.</summary>
    /// <value>Default 1.</value>
    [Range(1, 31)]
    public int Stride { get; init; } = 1;

    /// <summary>How neighbourhoods of several stages become one vector.</summary>
    /// <value>Default <see cref="PatchEmbeddingKind.AdaptivePooling"/>.</value>
    public PatchEmbeddingKind Embedding { get; init; } = PatchEmbeddingKind.AdaptivePooling;

    /// <summary>Values that the neighbourhood of each stage is averaged to (<c>pretrain_embed_dimension</c>).</summary>
    /// <value>Default 1024.</value>
    [Range(1, 16384)]
    public int StageWidth { get; init; } = 1024;

    /// <summary>Values that all stages are averaged to (<c>target_embed_dimension</c>).</summary>
    /// <value>Default 1024.</value>
    [Range(1, 16384)]
    public int Width { get; init; } = 1024;

    /// <summary>How the stored patches are chosen.</summary>
    /// <value>Default <see cref="PatchCoreset.Approximate"/>.</value>
    public PatchCoreset Coreset { get; init; } = PatchCoreset.Approximate;

    /// <summary>Fraction of all patches that are stored.</summary>
    /// <value>Default 0.1.</value>
    [Range(1e-6, 1.0)]
    public double CoresetFraction { get; init; } = 0.1;

    /// <summary>Random patches that the approximate coreset starts from.</summary>
    /// <value>Default 10.</value>
    [Range(1, 4096)]
    public int StartingPoints { get; init; } = 10;

    /// <summary>Width of the random projection in which patches are chosen; 0 for none. <see cref="PatchCoreset.KCenter"/> computes its own.</summary>
    /// <value>Default 128.</value>
    [Range(0, 16384)]
    public int ProjectedWidth { get; init; } = 128;

    /// <summary>Seed of starting points and projection.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>How patches are compared.</summary>
    /// <value>Default <see cref="NeighbourDistance.Euclidean"/>; the authors' code does <see cref="NeighbourDistance.SquaredEuclidean"/>.</value>
    public NeighbourDistance Distance { get; init; } = NeighbourDistance.Euclidean;

    /// <summary>Nearest stored patches that the distance is the mean of.</summary>
    /// <value>Default 1.</value>
    [Range(1, 1024)]
    public int Neighbours { get; init; } = 1;

    /// <summary>How the score of an image is computed.</summary>
    /// <value>Default <see cref="PatchCoreImageScore.Reweighted"/>; the authors' code does <see cref="PatchCoreImageScore.Maximum"/>.</value>
    public PatchCoreImageScore ImageScore { get; init; } = PatchCoreImageScore.Reweighted;

    /// <summary>Stored patches about the nearest one that weight the score; 1 is no weight.</summary>
    /// <value>Default 9.</value>
    [Range(1, 1024)]
    public int ScoreNeighbours { get; init; } = 9;

    /// <summary>How the grid becomes a map.</summary>
    /// <value>Default <see cref="MapInterpolation.Bilinear"/>.</value>
    public MapInterpolation MapInterpolation { get; init; } = MapInterpolation.Bilinear;

    /// <summary>Width of the Gaussian over the map, in pixels of the network's input; 0 switches it off.</summary>
    /// <value>Default 4.</value>
    [Range(0.0, 100.0)]
    public double SmoothingSigma { get; init; } = 4;

    /// <summary>How the map continues outside for the Gaussian.</summary>
    /// <value>Default <see cref="MapBorder.Symmetric"/>.</value>
    public MapBorder SmoothingBorder { get; init; } = MapBorder.Symmetric;

    /// <summary>Every fault of these settings.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (string fault in OptionRanges.Faults(this, "PatchCore"))
        {
            yield return fault;
        }

        if (Stages.Count == 0 || Stages.Any(s => s < 1) || Stages.Distinct().Count() != Stages.Count)
        {
            yield return $"PatchCore: {nameof(Stages)} are {string.Join(", ", Stages)}; at least one is needed, each at least 1 and only once.";
        }

        if (Neighbourhood % 2 == 0)
        {
            yield return $"PatchCore: {nameof(Neighbourhood)} is {Neighbourhood}; it must be odd.";
        }

        if (Stride > 1 && Embedding == PatchEmbeddingKind.AveragePooling)
        {
            yield return $"PatchCore: {nameof(Stride)} is {Stride}; average pooling has a stride of 1.";
        }

        foreach (var (name, value) in new (string, Enum)[]
            {
                (nameof(Embedding), Embedding), (nameof(Coreset), Coreset), (nameof(Distance), Distance), (nameof(ImageScore), ImageScore),
                (nameof(MapInterpolation), MapInterpolation), (nameof(SmoothingBorder), SmoothingBorder),
            })
        {
            if (!Enum.IsDefined(value.GetType(), value))
            {
                yield return $"PatchCore: {name} has the unknown value {value}; choose {string.Join(", ", Enum.GetNames(value.GetType()))}.";
            }
        }
    }
}
