using System.Globalization;
using System.Text.Json;

namespace MfpClip.Tests.Results;

/// <summary>Results as JSON and as text.</summary>
public class AnomalyResultJsonTests
{
    private static readonly AnomalyResult Result = new()
    {
        ImageName = "图像/a \"b\".png", ClassName = "metal nut", Score = 0.1f + 0.2f, CalibratedScore = 0.6f, IsAnomalous = true, Threshold = 0.25f,
        ModelMap = new(2, 1, [0f, float.Epsilon]), ImageMap = new(3, 2, [0f, 0.1f, 0.2f, 0.3f, 0.4f, 1f]), ImageWidth = 3, ImageHeight = 2,
        Regions = [new(2, 1, 1, 1, 1, 1f, 2, 1) { Contour = [new(2, 1), new(3, 1), new(3, 2), new(2, 2)] }, new(0, 0, 1, 1, 1, 0.5f, 0, 0)],
        PixelThreshold = 0.5f,
        Timings = new()
        {
            Forward = TimeSpan.FromTicks(123_457), BatchSize = 4, ForwardStages = new Dictionary<string, TimeSpan> { ["image tower"] = new(77) },
        },
    };

    [Fact]
    public void A_result_reads_back_as_it_was_written()
    {
        string json = JsonSerializer.Serialize(Result, AnomalyResultJsonContext.Default.AnomalyResult);
        var read = JsonSerializer.Deserialize(json, AnomalyResultJsonContext.Default.AnomalyResult)!;

        AssertEqual(read);
        Assert.Equal(Result.ModelMap.Data, read.ModelMap.Data);
        Assert.Equal(Result.ImageMap!.Data, read.ImageMap!.Data);
        Assert.Contains("\"is_anomalous\":true", json, StringComparison.Ordinal);
        Assert.Contains("\"contour\":[[2,1],[3,1],[3,2],[2,2]]", json, StringComparison.Ordinal);
        // 0f, float.Epsilon, little-endian: 00000000 01000000
        Assert.Contains("\"model_map\":{\"width\":2,\"height\":1,\"values\":\"AAAAAAEAAAA=\"}", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Maps_can_be_left_out()
    {
        string json = JsonSerializer.Serialize(Result, AnomalyResultJsonContext.WithoutMaps.AnomalyResult);
        var read = JsonSerializer.Deserialize(json, AnomalyResultJsonContext.WithoutMaps.AnomalyResult)!;

        AssertEqual(read);
        Assert.DoesNotContain("values", json, StringComparison.Ordinal);
        Assert.Equal((3, 2, false), (read.ImageMap!.Width, read.ImageMap.Height, read.ImageMap.HasValues));
        Assert.Contains("without its values", Assert.Throws<InvalidOperationException>(() => read.ModelMap.Data).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => read.ModelMap[0, 0]);
    }

    [Fact]
    public void A_serializer_without_the_context_writes_the_same_values()
    {
        var read = JsonSerializer.Deserialize<AnomalyResult>(JsonSerializer.Serialize(Result))!;

        AssertEqual(read);
        Assert.Equal(Result.ImageMap!.Data, read.ImageMap!.Data);
    }

    [Theory]
    [InlineData("{\"width\":2,\"height\":2,\"values\":\"AAAAAA==\"}", "needs 16 bytes")]
    [InlineData("{\"width\":0,\"height\":2}", "0 x 2")]
    [InlineData("{\"width\":70000,\"height\":70000,\"values\":\"AAAAAA==\"}", "needs 19600000000 bytes")]
    [InlineData("[1]", "is an object")]
    public void A_map_that_does_not_fit_is_refused(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<AnomalyMap>(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Lists_that_are_absent_are_empty()
    {
        const string json = """
            {"image_name":"a","class_name":"b","score":0.5,"model_map":{"width":1,"height":1},"image_width":1,"image_height":1,"pixel_threshold":0.5,
             "timings":{},"regions":[{"x":0,"y":0,"width":1,"height":1,"area":1,"peak":1,"peak_x":0,"peak_y":0}]}
            """;
        var read = JsonSerializer.Deserialize(json, AnomalyResultJsonContext.Default.AnomalyResult)!;

        Assert.Empty(Assert.Single(read.Regions).Contour);
        Assert.Empty(read.Timings.ForwardStages);
    }

    [Fact]
    public void Text_does_not_depend_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new("", false) { NumberFormat = { NumberDecimalSeparator = "," } };
            Assert.Equal("图像/a \"b\".png: score 0.3 (calibrated 0.6), anomalous, 2 regions, 3 x 2, 12.3 ms", Result.ToString());
            Assert.Equal("1 x 1 at (0, 0), area 1, peak 0.5 at (0, 0)", Result.Regions[1].ToString());
            Assert.Equal("decode 0 ms, preprocess 0 ms, forward 12.3 ms, postprocess 0 ms, batch of 4", Result.Timings.ToString());
            Assert.Equal("3 x 2 map", Result.ImageMap!.ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static void AssertEqual(AnomalyResult read)
    {
        Assert.Equal(Result.Regions, read.Regions);
        Assert.Equal(Result.Timings.ForwardStages, read.Timings.ForwardStages);
        Assert.Equal(Result.Timings with { ForwardStages = read.Timings.ForwardStages }, read.Timings);
        Assert.Equal(Result.Notices, read.Notices);
        Assert.Equal(
            Result with { ModelMap = read.ModelMap, ImageMap = read.ImageMap, Regions = read.Regions, Timings = read.Timings, Notices = read.Notices }, read);
    }
}
