using MfpClip.Methods.AdaClip;

namespace MfpClip.Tests.Methods.AdaClip;

public sealed class KMeansTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-7)]
    public void Clouds_far_apart_are_told_apart(long seed)
    {
        var random = new Random(1);
        var centers = new (float X, float Y)[] { (0, 0), (20, 0), (0, 20), (20, 20) };
        var rows = Enumerable.Range(0, 80).Select(i => new[] { centers[i % 4].X + random.NextSingle(), centers[i % 4].Y + random.NextSingle() }).ToList();

        var labels = KMeans.Cluster(rows, 4, seed);

        Assert.Equal(4, labels.Distinct().Count());
        Assert.All(Enumerable.Range(0, 80), i => Assert.Equal(labels[i % 4], labels[i]));
        Assert.Equal(labels, KMeans.Cluster(rows, 4, seed));
    }

    [Fact]
    public void It_stops_where_moving_a_point_helps_no_more()
    {
        var random = new Random(5);
        var rows = Enumerable.Range(0, 40).Select(_ => Enumerable.Range(0, 6).Select(_ => random.NextSingle()).ToArray()).ToList();

        var labels = KMeans.Cluster(rows, 5, 3);

        var means = Enumerable.Range(0, 5).Select(c => rows.Where((_, i) => labels[i] == c).ToList())
            .Select(members => Enumerable.Range(0, 6).Select(j => members.Average(m => m[j])).ToArray()).ToList();
        Assert.All(rows.Select((row, i) => (row, i)), p => Assert.Equal(
            labels[p.i], Enumerable.Range(0, 5).MinBy(c => p.row.Zip(means[c]).Sum(v => (v.First - v.Second) * (v.First - v.Second)))));
    }

    [Fact]
    public void As_many_clusters_as_points_and_equal_points_are_fine()
    {
        var rows = Enumerable.Range(0, 6).Select(i => new float[] { i * i }).ToList();
        Assert.Equal(6, KMeans.Cluster(rows, 6, 0).Distinct().Count());
        Assert.Single(KMeans.Cluster([.. rows.Select(_ => new float[] { 2, 2 })], 1, 0).Distinct());
        Assert.Equal(6, KMeans.Cluster([.. rows.Select(_ => new float[] { 2, 2 })], 3, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => KMeans.Cluster(rows, 7, 0));
    }
}
