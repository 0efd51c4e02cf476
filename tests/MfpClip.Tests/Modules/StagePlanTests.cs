using MfpClip.Modules;

namespace MfpClip.Tests.Modules;

public class StagePlanTests
{
    [Theory]
    [InlineData(24, 4, new[] { 6, 12, 18, 24 })] // the paper's ViT-L/14
    [InlineData(12, 4, new[] { 3, 6, 9, 12 })]
    [InlineData(10, 4, new[] { 2, 5, 7, 10 })]
    [InlineData(4, 4, new[] { 1, 2, 3, 4 })]
    public void Cuts_the_tower_into_consecutive_runs(int layers, int stages, int[] taps)
    {
        var plan = StagePlan.Even(layers, stages);

        Assert.Equal(taps, plan.Taps);
        var next = 0;
        for (var stage = 1; stage <= plan.Count; stage++)
        {
            var (first, count) = plan.Blocks(stage);
            Assert.Equal(next, first);
            Assert.True(count >= 1);
            next = first + count;
        }

        Assert.Equal(layers, next);
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(3, 0)]
    public void Refuses_more_stages_than_blocks(int layers, int stages) =>
        Assert.Throws<DetectorConfigurationException>(() => StagePlan.Even(layers, stages));
}
