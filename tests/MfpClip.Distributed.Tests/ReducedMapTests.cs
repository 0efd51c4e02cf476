namespace MfpClip.Distributed.Tests;

public sealed class ReducedMapTests
{
    [Fact]
    public void A_small_map_keeps_its_values_to_sixteen_bits()
    {
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, 37 * 23).Select(_ => random.NextSingle())];

        var back = ReducedMap.Of(new(37, 23, values), 320).ToMap();

        Assert.Equal((37, 23), (back.Width, back.Height));
        Assert.All(values.Zip(back.Data), p => Assert.Equal(p.First, p.Second, 0.5 / 65535 + 1e-7));
    }

    [Fact]
    public void A_large_map_keeps_its_shape_and_its_smallest_peak()
    {
        float[] values = new float[1000 * 600];
        values[(333 * 1000) + 777] = 0.9f;

        var back = ReducedMap.Of(new(1000, 600, values), 100).ToMap();

        Assert.Equal((100, 60), (back.Width, back.Height));
        Assert.Equal(0.9, back[77, 33], 1e-4);
        Assert.Equal(0.9, back.Data.Sum(), 1e-4); // nowhere else
    }

    [Fact]
    public void A_peak_in_the_last_column_stays_whatever_lies_below_it()
    {
        float[] values = new float[1003 * 600]; // no whole number of vectors
        values[1002] = 0.9f;

        var back = ReducedMap.Of(new(1003, 600, values), 100).ToMap();

        Assert.Equal(0.9, back[99, 0], 1e-4);
        Assert.Equal(0.9, back.Data.Sum(), 1e-4);
    }

    // Written by hand after the format: 0, 0.5 and 1, then 1, 0 and 1.
    [Fact]
    public void Maps_of_the_first_builds_are_read()
    {
        byte[] differences = [0x00, 0x80, 0x7f, 0xff, 0x00, 0xff, 0x00, 0x00, 0xff, 0xff, 0x01, 0xff];
        using var packed = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(differences);
        }

        var map = new ReducedMap { Width = 3, Height = 2, Data = packed.ToArray() }.ToMap();

        Assert.Equal([0, 0.5f, 1, 1, 0, 1], map.Data.Select(v => MathF.Round(v, 4)));
    }

    [Fact]
    public void A_way_of_packing_of_a_later_version_is_refused() => Assert.Contains(
        "later version", Assert.Throws<WorkException>(() => (ReducedMap.Of(new(2, 1, [0, 1]), 320) with { Prediction = (MapPrediction)7 }).ToMap()).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5000, 5000)]
    [InlineData(4, 4)]
    public void A_damaged_map_is_refused(int width, int height) =>
        Assert.Throws<WorkException>(() => new ReducedMap { Width = width, Height = height, Data = [1, 2, 3] }.ToMap());
}
