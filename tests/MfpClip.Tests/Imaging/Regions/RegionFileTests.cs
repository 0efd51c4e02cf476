using System.Text;
using MfpClip.Imaging;
using MfpClip.Imaging.Regions;
using MfpClip.Output;
using SkiaSharp;

namespace MfpClip.Tests.Imaging.Regions;

/// <summary>Regions of files: masks, this library's JSON, labelme's.</summary>
public sealed class RegionFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_mask_counts_where_it_is_not_black_and_is_stretched_to_images_of_its_shape()
    {
        var pixels = new byte[20 * 10 * 3];
        for (int i = 0; i < 200; i++)
        {
            pixels[(3 * i) + 2] = (byte)(i % 20 < 5 ? 1 : 0); // the darkest blue
        }

        var source = Load(Image("mask.png", new(20, 10, pixels)));

        Assert.Equal(RegionOfInterest.Rectangle(20, 10, 0, 0, 5, 10).Inside, source.For("a", 20, 10, PolygonRegionTests.None).Region!.Inside);
        Assert.Equal(RegionOfInterest.Rectangle(400, 200, 0, 0, 100, 200).Inside, source.For("a", 400, 200, PolygonRegionTests.None).Region!.Inside);
        Assert.NotNull(source.For("a", 404, 200, PolygonRegionTests.None).Region);
        string message = Assert.Throws<RegionOfInterestException>(() => source.For("tall.png", 200, 400, PolygonRegionTests.None)).Message;
        Assert.Contains("'tall.png'", message, StringComparison.Ordinal);
        Assert.Contains("20 x 10 pixels, this one has 200 x 400", message, StringComparison.Ordinal);
        Assert.Throws<RegionOfInterestException>(() => source.For("a", 410, 200, PolygonRegionTests.None));
    }

    [Fact]
    public void A_lossy_mask_counts_from_half_brightness_on()
    {
        using var bitmap = new SKBitmap(64, 64);
        for (int i = 0; i < 64 * 64; i++)
        {
            byte v = (byte)(i % 64 < 32 ? 250 : 3);
            bitmap.SetPixel(i % 64, i / 64, new(v, v, v));
        }

        using var jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, 80);
        string path = Path.Combine(_folder, "mask.jpg");
        File.WriteAllBytes(path, jpeg.ToArray());

        Assert.Equal(RegionOfInterest.Rectangle(64, 64, 0, 0, 32, 64).Inside, Load(path).For("a", 64, 64, PolygonRegionTests.None).Region!.Inside);
    }

    [Theory]
    [InlineData("""{ "polygons": [ { "points": [[2, 1], [5, 1], [5, 5], [2, 5]] } ] }""")]
    [InlineData("""{ "polygons": [ [[2, 1], [5, 1], [5, 5], [2, 5]] ], "unit": "pixels" }""")]
    [InlineData("""{ "unit": "fractions", "polygons": [ [[0.2, 0.125], [0.5, 0.125], [0.5, 0.625], [0.2, 0.625]] ] }""")]
    [InlineData("""{ "image_width": 100, "image_height": 80, "polygons": [ [[20, 10], [50, 10], [50, 50], [20, 50]] ] }""")]
    [InlineData("""{ "polygons": [ [[2, 1], [6, 1], [6, 5], [2, 5]], { "excluded": true, "points": [[5, 0], [9, 0], [9, 9], [5, 9]] } ] }""")]
    [InlineData("""
        { "version": "5.4.1", "flags": {}, "imagePath": "a.png", "imageWidth": 100, "imageHeight": 80, "shapes": [
          { "label": "part", "points": [[20, 10], [50, 10], [50, 50], [20, 50]], "shape_type": "polygon", "group_id": null } ] }
        """)]
    [InlineData("""
        { "imageWidth": 10, "imageHeight": 8, "shapes": [
          { "label": "part", "points": [[6, 5], [2, 1]], "shape_type": "rectangle" },
          { "label": "Exclude", "points": [[5, 0], [9, 9]], "shape_type": "rectangle" } ] }
        """)]
    public void Polygons_are_read_in_every_form(string json)
    {
        var source = Load(Text("region.json", "\ufeff" + json));

        Assert.Equal("polygons", source.Kind);
        Assert.Equal(RegionOfInterest.Rectangle(10, 8, 2, 1, 3, 4).Inside, source.For("a", 10, 8, PolygonRegionTests.None).Region!.Inside);
    }

    [Theory]
    [InlineData("{", "is not JSON")]
    [InlineData("[[1, 2]]", "it is a list")]
    [InlineData("{}", "has no \"polygons\"")]
    [InlineData("""{ "polgons": [] }""", "'polgons' is unknown")]
    [InlineData("""{ "polygons": [] }""", "there is no polygon")]
    [InlineData("""{ "polygons": [ { "points": [[1, 2], [3, 4], [5]] } ] }""", "a point is no [x, y]")]
    [InlineData("""{ "polygons": [ { "points": [[1, 2], [3, 4], ["a", 6]] } ] }""", "wrong kind")]
    [InlineData("""{ "polygons": [ [[1, 2], [3, 4]] ] }""", "polygon 1 has 2 points")]
    [InlineData("""{ "polygons": [ [[1, 2], [3, 4], [1e300, 4]] ] }""", "1e9 at most")]
    [InlineData("""{ "polygons": [ [[1, 2], [3, 4], [5, 9]] ], "unit": "percent" }""", "unit is 'percent'")]
    [InlineData("""{ "shapes": [ { "label": "x", "points": [[1, 2], [3, 4]], "shape_type": "circle" } ] }""", "the shape 'x' is a circle")]
    [InlineData("no picture", "neither JSON of polygons nor a mask image")]
    public void What_is_wrong_in_a_file_is_said_with_its_name(string content, string fault)
    {
        string message = Assert.Throws<DetectorConfigurationException>(() => Load(Text("region.json", content))).Message;

        Assert.Contains(fault, message, StringComparison.Ordinal);
        Assert.Contains("region.json", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_a_folder_a_black_mask_and_one_that_is_too_large_are_refused()
    {
        string black = Image("black.png", new(4, 4, new byte[48]));

        Assert.Contains("there is no such file", Refused(Path.Combine(_folder, "absent.png")), StringComparison.Ordinal);
        Assert.Contains("a folder", Refused(_folder), StringComparison.Ordinal);
        Assert.Contains("black", Refused(black), StringComparison.Ordinal);
        Assert.Contains("more than the limit", Assert.Throws<DetectorConfigurationException>(() => RegionSource.Load(
            RegionOfInterestOptions.FromFile(black), new SkiaImageDecoder(), new() { MaximumPixels = 15 })).Message, StringComparison.Ordinal);
        Assert.Contains("more than the limit", Assert.Throws<DetectorConfigurationException>(() => RegionSource.Load(
            RegionOfInterestOptions.FromFile(black), new SkiaImageDecoder(), new() { MaximumBytes = 10 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_it_is_known_by_is_its_content_not_its_name()
    {
        const string Json = """{ "polygons": [ [[2, 1], [5, 1], [5, 5], [2, 5]] ] }""";
        string one = Text("one.json", Json), two = Text("two.json", Json);
        string other = Text("other.json", Json.Replace("[5, 5]", "[5, 6]", StringComparison.Ordinal));

        Assert.Equal(Load(one).Settings, Load(two).Settings);
        Assert.NotEqual(Load(one).Settings, Load(other).Settings);
    }

    private string Refused(string path) => Assert.Throws<DetectorConfigurationException>(() => Load(path)).Message;

    private static RegionSource Load(string path) => PolygonRegionTests.Source(RegionOfInterestOptions.FromFile(path));

    private string Image(string name, RgbImage image)
    {
        string path = Path.Combine(_folder, name);
        MapFiles.WritePng(path, image);
        return path;
    }

    private string Text(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, content, new UTF8Encoding(false));
        return path;
    }
}
