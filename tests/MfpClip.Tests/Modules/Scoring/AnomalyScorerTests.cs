using MfpClip.Modules.Scoring;

namespace MfpClip.Tests.Modules.Scoring;

public sealed class AnomalyScorerTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly Tensor _v = torch.tensor(new float[] { 0.6f, 0.8f, 1, 0 }, [2, 2]);
    private readonly Tensor _t = torch.tensor(new float[] { 1, 0, 0, 1 }, [1, 2, 2]);
    private readonly Tensor _map = torch.tensor(new float[] { 0.1f, 0.2f, 0.3f, 0.4f, 0.9f, 0.0f, 0.5f, 0.7f }, [2, 2, 2]);

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(ScoreStrategy.Global, 1, new[] { 0.598687660112452, 0.119202922022118 })] // 1/(1+e^-0.4), 1/(1+e^2)
    [InlineData(ScoreStrategy.MapMaximum, 1, new[] { 0.4, 0.9 })]
    [InlineData(ScoreStrategy.HalfAndHalf, 1, new[] { 0.499343830056226, 0.509601461011059 })]
    [InlineData(ScoreStrategy.TopMean, 50, new[] { 0.35, 0.8 })]
    [InlineData(ScoreStrategy.TopMean, 100, new[] { 0.25, 0.525 })]
    [InlineData(ScoreStrategy.HalfAndHalfOfTop, 50, new[] { 0.474343830056226, 0.459601461011059 })]
    [InlineData(ScoreStrategy.TopMean, 0.001, new[] { 0.4, 0.9 })]
    public void Each_strategy_is_its_formula(ScoreStrategy strategy, double percent, double[] expected)
    {
        var scorer = new AnomalyScorer(new() { Strategy = strategy, TopPercent = percent, Tau = 2 });

        var score = scorer.Score(new()
        {
            ClassEmbedding = _v, RawClassEmbedding = _v, Texts = _t, Map = _map, Features = [], PatchLogits = (_, _) => throw new InvalidOperationException(),
        });

        TensorAssert.Values(expected, score.Score, 1e-6);
        Assert.Equal(strategy is ScoreStrategy.Global or ScoreStrategy.HalfAndHalf or ScoreStrategy.HalfAndHalfOfTop, score.Logits is not null);
        if (score.Logits is { } logits)
        {
            TensorAssert.Values([1.2, 1.6, 2, 0], logits, 1e-6); // tau times the cosines
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(101, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(1, -1)]
    public void Invalid_options_are_refused(double percent, double tau) =>
        Assert.Throws<DetectorConfigurationException>(() => new AnomalyScorer(new() { TopPercent = percent, Tau = tau }));
}
