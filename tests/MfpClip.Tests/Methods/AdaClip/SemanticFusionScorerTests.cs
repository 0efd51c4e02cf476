using MfpClip.Methods.AdaClip;
using MfpClip.Modules.Scoring;
using MfpClip.Tests.Modules;

namespace MfpClip.Tests.Methods.AdaClip;

public sealed class SemanticFusionScorerTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    // Two dimensions, states along the axes; three patches look normal, one abnormal; the class token looks normal.
    [Theory]
    [InlineData(SemanticFusion.Off, 1, 0)]
    [InlineData(SemanticFusion.MostAbnormalCluster, 0.8, 0.2)] // 0.8 q + 0.2 h, h the abnormal patch
    [InlineData(SemanticFusion.MostAbnormalPatches, 0.9414213562, 0.1414213562)] // h the unweighted mean of both clusters, normalised: (1, 1) / sqrt 2
    public void The_fused_feature_is_its_formula(SemanticFusion fusion, double normal, double abnormal)
    {
        using var scorer = new SemanticFusionScorer(new() { Fusion = fusion, Clusters = 2, Tau = 3 }, new(0, [], 2, 2, 2, 77, 1));
        using (torch.no_grad())
        {
            scorer.Get("proj.weight").copy_(torch.eye(2) * 4);
            scorer.Get("proj.bias").zero_();
        }

        var z = torch.tensor(new float[] { 1, 2, 3, 0, 0, 0, 0, 5 }, [1, 2, 2, 2]); // patches (1,0) (2,0) (3,0) (0,5)
        var score = scorer.Score(new()
        {
            ClassEmbedding = torch.tensor(new float[] { 1, 0 }, [1, 2]), RawClassEmbedding = torch.tensor(new float[] { 0.5f, 0 }, [1, 2]),
            Texts = torch.eye(2).unsqueeze(0), Map = torch.zeros(1, 2, 2), Features = [z, z], PatchLogits = (f, t) => AnomalyMapGenerator.Cosine(f, t, 3),
        });

        double length = Math.Sqrt((normal * normal) + (abnormal * abnormal));
        TensorAssert.Values([3 * normal / length, 3 * abnormal / length], score.Logits!, 1e-5);
        TensorAssert.Values([1 / (1 + Math.Exp(3 * (normal - abnormal) / length))], score.Score, 1e-5);
    }

    [Fact]
    public void Stages_of_different_grids_are_refused_with_what_to_do()
    {
        using var scorer = new SemanticFusionScorer(new(), new(0, [], 2, 2, 2, 77, 1));

        Assert.Throws<InferenceException>(() => scorer.Score(new()
        {
            ClassEmbedding = torch.ones(1, 2), RawClassEmbedding = torch.ones(1, 2), Texts = torch.eye(2).unsqueeze(0), Map = torch.zeros(1, 2, 2),
            Features = [torch.ones(1, 2, 2, 2), torch.ones(1, 2, 3, 3)], PatchLogits = (f, t) => AnomalyMapGenerator.Cosine(f, t, 3),
        }));
    }
}
