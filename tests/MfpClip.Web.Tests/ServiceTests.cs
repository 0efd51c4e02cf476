using System.Net;
using System.Text;
using System.Text.Json;
using MfpClip.Output;

namespace MfpClip.Web.Tests;

/// <summary>The service over HTTP, as a process, with the settings it is delivered with.</summary>
public sealed class ServiceTests(DefaultService fixture) : IClassFixture<DefaultService>
{
    private HttpClient Client => fixture.Service.Client;

    [Fact]
    public async Task An_uploaded_photo_gives_the_score_of_the_default_model_and_an_overlay_of_its_size()
    {
        byte[] photo = Photos.Part();
        using var expected = ZeroShotDetector.CreateDefault();
        float score = expected.Detect(ImageInput.FromBytes(photo), new() { ClassName = "pill" }).Score;

        using var json = await Json(await Client.PostAsync("/detect?overlay=true", Photos.Form(photo)), HttpStatusCode.OK);
        byte[] overlay = await (await Client.PostAsync("/detect/overlay", Photos.Form(photo))).EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();

        Assert.Equal(score, json.RootElement.GetProperty("score").GetSingle(), 1e-5f);
        Assert.Equal("none", json.RootElement.GetProperty("decision").GetString());
        var jpeg = MapFiles.ReadPhoto(ImageInput.FromBytes(Convert.FromBase64String(
            json.RootElement.GetProperty("overlay").GetString()!["data:image/jpeg;base64,".Length..])));
        var png = MapFiles.ReadPhoto(ImageInput.FromBytes(overlay));
        Assert.Equal([(96, 96), (96, 96)], [(jpeg.Width, jpeg.Height), (png.Width, png.Height)]);
    }

    public static TheoryData<string, byte[], int, string> BadFiles() => new()
    {
        { "text.png", Encoding.UTF8.GetBytes("this is a text"), 415, "not an image that the service reads: PNG, JPEG, WebP, BMP or GIF" },
        { "page.html", Encoding.UTF8.GetBytes("<!DOCTYPE html><script>alert(1)</script>"), 415, "not an image" },
        { "torn.png", Photos.Part()[..2000], 422, "truncated" },
        { "head.png", [0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2, 3], 422, "damaged" },
        { "empty.png", [], 422, "empty (0 bytes)" },
        { "<img src=x onerror=alert(1)>.png", [1, 2, 3], 415, "not an image" },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public async Task A_file_that_is_no_photo_is_a_problem_that_says_why(string name, byte[] content, int status, string detail)
    {
        using var problem = await Json(await Client.PostAsync("/detect", Photos.Form(content, name)), (HttpStatusCode)status);

        Assert.Contains(detail, problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(problem.RootElement.GetProperty("title").GetString()));
    }

    [Fact]
    public async Task Several_photos_give_a_result_or_a_problem_each_in_their_order()
    {
        var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(Photos.Part()), "images", "a.png" }, { new ByteArrayContent([1, 2]), "images", "b.png" },
            { new ByteArrayContent(Photos.Part(64)), "images", "c.png" },
        };

        using var items = await Json(await Client.PostAsync("/detect/batch", form), HttpStatusCode.OK);

        Assert.Equal(["a.png", "b.png", "c.png"], items.RootElement.EnumerateArray().Select(i => i.GetProperty("name").GetString()));
        Assert.Equal([true, false, true], items.RootElement.EnumerateArray().Select(i => i.GetProperty("result").ValueKind == JsonValueKind.Object));
        Assert.Equal(415, items.RootElement[1].GetProperty("problem").GetProperty("status").GetInt32());
    }

    [Theory]
    [InlineData("application/json", "{}", 415)]
    [InlineData("multipart/form-data; boundary=x", "garbage", 400)]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"class\"\r\n\r\npill\r\n--x--\r\n", 400)]
    [InlineData("multipart/form-data", "no boundary", 400)]
    public async Task A_request_without_a_photo_is_a_problem_that_says_what_to_send(string contentType, string body, int status)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        using var problem = await Json(await Client.PostAsync("/detect", content), (HttpStatusCode)status);

        Assert.Contains("image", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_OpenAPI_document_lists_every_endpoint_with_its_problems()
    {
        using var document = await Json(await Client.GetAsync("/openapi/v1.json"), HttpStatusCode.OK);

        Assert.StartsWith("3.", document.RootElement.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var paths = document.RootElement.GetProperty("paths");
        Assert.Equal(
            ["/detect", "/detect/batch", "/detect/overlay", "/health", "/health/live", "/info"],
            paths.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        var responses = paths.GetProperty("/detect").GetProperty("post").GetProperty("responses").EnumerateObject().Select(r => r.Name).ToList();
        Assert.Superset(new HashSet<string> { "200", "400", "413", "415", "422", "503", "504" }, responses.ToHashSet());
    }

    [Fact]
    public async Task Health_and_info_tell_a_ready_detector_and_the_limits()
    {
        using var health = await Json(await Client.GetAsync("/health"), HttpStatusCode.OK);
        using var live = await Json(await Client.GetAsync("/health/live"), HttpStatusCode.OK);
        using var info = await Json(await Client.GetAsync("/info"), HttpStatusCode.OK);

        Assert.Equal("Healthy", health.RootElement.GetProperty("status").GetString());
        Assert.Equal("ready", health.RootElement.GetProperty("detectors").GetProperty("state").GetString());
        Assert.Equal("Healthy", live.RootElement.GetProperty("status").GetString());
        Assert.Equal(20_000_000, info.RootElement.GetProperty("maximumFileBytes").GetInt64());
        Assert.Equal(JsonValueKind.Null, info.RootElement.GetProperty("threshold").ValueKind);
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/app.js", "text/javascript")]
    [InlineData("/results.js", "text/javascript")]
    [InlineData("/app.css", "text/css")]
    [InlineData("/icon.svg", "image/svg+xml")]
    public async Task The_page_takes_nothing_from_elsewhere(string path, string contentType)
    {
        var response = await Client.GetAsync(path);
        string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        string text = await response.Content.ReadAsStringAsync();

        Assert.Equal(contentType, response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", text, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"(http|//)", text);
    }

    [Fact]
    public async Task An_address_that_is_not_there_is_a_problem() => (await Json(await Client.GetAsync("/no/such/thing"), HttpStatusCode.NotFound)).Dispose();

    internal static async Task<JsonDocument> Json(HttpResponseMessage response, HttpStatusCode status)
    {
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode}, expected {(int)status}: {text}");
        Assert.Equal(response.IsSuccessStatusCode ? "application/json" : "application/problem+json", response.Content.Headers.ContentType!.MediaType);
        return JsonDocument.Parse(text);
    }
}
