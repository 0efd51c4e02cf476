using MfpClip.Methods.AnomalyDino;
using MfpClip.References;

namespace MfpClip.Tests.Methods.AnomalyDino;

public sealed class AnomalyDinoScorerTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Two_small_images_without_references_are_compared_by_their_nearest_patches_where_the_authors_code_gives_none()
    {
        // Fewer than 2000 other patches: no distance lies below the first of int(0.001 n) = 0.
        var scorer = new AnomalyDinoScorer(new());
        var (a, b) = (torch.tensor(new float[,] { { 1, 0 }, { 0, 1 } }), torch.tensor(new float[,] { { 1, 0 }, { -1, 0 } }));

        var distances = scorer.CompareBatch([a, b], 1, 2);

        TensorAssert.Values([0, 1], distances[0]);
        TensorAssert.Values([0, 1], distances[1]); // (-1, 0) is at right angles to (0, 1)
        Assert.Throws<ReferenceException>(() => scorer.CompareBatch([a], 1, 2));
    }

    [Fact]
    public void With_many_patches_the_distances_below_the_kth_are_averaged()
    {
        // k = 3 of 6 others: of the distances 0, 0.5, 1, ... the two below the third.
        var scorer = new AnomalyDinoScorer(new() { BatchFraction = 0.5 });
        float r = MathF.Sqrt(3) / 2;
        var a = torch.tensor(new float[,] { { 1, 0 } });
        Tensor[] others = [torch.tensor(new float[,] { { 0.5f, r } }), torch.tensor(new float[,] { { 2, 0 } }), torch.tensor(new float[,] { { 0, 1 } })];
        Tensor[] far = [torch.tensor(new float[,] { { -1, 0 } }), torch.tensor(new float[,] { { -1, 0 } }), torch.tensor(new float[,] { { -1, 0 } })];

        TensorAssert.Values([0.25], scorer.CompareBatch([a, .. others, .. far], 1, 1)[0]);
    }

    [Fact]
    public void Masked_patches_count_in_the_score_and_references_may_be_masked_too()
    {
        var options = new AnomalyDinoOptions { Masking = true, MaskReferences = true, MaskThreshold = 1e5, TopFraction = 0.5 };
        var scorer = new AnomalyDinoScorer(options);
        var features = torch.randn(12, 4);

        // Nothing is foreground: nothing is stored, which is an error and no NaN.
        var memory = scorer.Reference(features, 3, 4);
        Assert.Equal([0L, 4], memory.shape);
        Assert.Contains("0 patches", Assert.Throws<ReferenceException>(() => scorer.Compare(features, memory, 3, 4)).Message, StringComparison.Ordinal);
        TensorAssert.Values([1.5], scorer.Score(torch.tensor(new float[,] { { 1, 0 }, { 2, 0 } })));
    }

    [Fact]
    public void A_flat_image_has_a_mask_and_no_failure() =>
        Assert.False(ForegroundMask.Of(torch.ones(12, 4), 3, 4, 10, MaskMorphology.Grid).any().item<bool>());

    [Fact]
    public void The_component_is_the_same_from_either_gram_matrix()
    {
        var x = torch.randn(6, 9);
        var centred = (x - x.mean([0])).to_type(ScalarType.Float64);
        var (_, vectors) = torch.linalg.eigh(torch.matmul(centred.t(), centred));
        var expected = torch.mv(centred, vectors.select(1, 8));
        expected *= expected[expected.abs().argmax()].sign();

        TensorAssert.Close(expected, ForegroundMask.FirstComponent(x), 1e-4);
    }

    [Fact]
    public void A_dilated_raster_line_wraps_into_the_next_row()
    {
        var mask = torch.zeros(3, 4, dtype: ScalarType.Bool);
        mask[0, 3] = torch.tensor(true);

        Assert.Equal([2, 3, 4], Set(ForegroundMask.Dilate(mask, MaskMorphology.Raster)));
        Assert.Equal([2, 3, 6, 7], Set(ForegroundMask.Dilate(mask, MaskMorphology.Grid)));
    }

    [Fact]
    public void Faults_name_the_setting()
    {
        Assert.Empty(AnomalyDinoOptions.AsPublished.Faults());
        Assert.Empty(AnomalyDinoOptions.AsReleased.Faults());
        var faults = (new AnomalyDinoOptions
        {
            Rotations = [0, 0], MaskReferences = true, Neighbours = 0, TopFraction = 2, Distance = (NeighbourDistance)9, MaskMorphology = (MaskMorphology)9,
        }).Faults().ToList();

        Assert.Equal(6, faults.Count);
        Assert.All(faults, f => Assert.StartsWith("AnomalyDINO: ", f, StringComparison.Ordinal));
    }

    private static int[] Set(Tensor mask) => [.. mask.view(-1).nonzero().view(-1).data<long>().ToArray().Select(i => (int)i)];
}
