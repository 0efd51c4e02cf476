using System.Net;
using System.Text.Json;
using MfpClip.Data;
using MfpClip.Output;
using Microsoft.AspNetCore.Mvc.Testing;

namespace MfpClip.PublicApi.Tests;

public class AspNetSampleTests
{
    [Fact]
    public async Task An_uploaded_photo_gives_a_score_and_an_overlay_of_its_size()
    {
        await using var host = new WebApplicationFactory<Program>();
        using var client = host.CreateClient();
        byte[] photo = MapImages.ToPng(ProceduralDataSet.Render("pill", 1, DefectKind.Stain, 96).Image);

        using var json = JsonDocument.Parse(await (await client.PostAsync("/detect", Form(photo))).EnsureSuccessStatusCode().Content.ReadAsStringAsync());
        byte[] overlay = await (await client.PostAsync("/detect/overlay", Form(photo))).EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
        var refused = await client.PostAsync("/detect", Form([1, 2, 3]));

        Assert.InRange(json.RootElement.GetProperty("score").GetSingle(), 0, 1);
        var picture = MapFiles.ReadPhoto(ImageInput.FromBytes(overlay));
        Assert.Equal((96, 96), (picture.Width, picture.Height));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("Healthy", await client.GetStringAsync("/health"));
    }

    private static MultipartFormDataContent Form(byte[] photo) => new()
    {
        { new ByteArrayContent(photo), "image", "photo.png" }, { new StringContent("pill"), "class" },
    };
}
