using System.Text.Json;

namespace MfpClip.Web.Tests;

/// <summary>The service with tiles by configuration alone.</summary>
public class TilingTests
{
    [Fact]
    public async Task Large_photos_are_detected_in_tiles_where_the_configuration_says_so()
    {
        byte[] photo = Photos.Part(600);
        await using var service = await RunningService.StartAsync(("MfpClip:Tiling:TileSize", "320"), ("MfpClip:Tiling:Overlap", "0.25"));
        using var expected = new ZeroShotDetectorBuilder().UseDefaultModel().WithTiling(new() { TileSize = 320 }).Build();
        var result = expected.Detect(ImageInput.FromBytes(photo), new() { ClassName = "pill" });

        var answer = await service.Client.PostAsync("/detect?overlay=true", Photos.Form(photo));

        using var json = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
        Assert.Equal(result.Score, json.RootElement.GetProperty("score").GetSingle(), 1e-5f);
        var tiles = json.RootElement.GetProperty("tiles");
        Assert.Equal((3, 3, 320), (tiles.GetProperty("columns").GetInt32(), tiles.GetProperty("rows").GetInt32(), tiles.GetProperty("side").GetInt32()));
        Assert.Equal(result.Regions.Count, json.RootElement.GetProperty("regions").GetArrayLength());
        Assert.StartsWith("data:image/jpeg", json.RootElement.GetProperty("overlay").GetString(), StringComparison.Ordinal);
    }
}
