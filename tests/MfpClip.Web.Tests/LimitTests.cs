using System.Net;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MfpClip.Web.Tests;

/// <summary>What the service does not take, and what it says then.</summary>
public class LimitTests
{
    [Fact]
    public async Task A_file_a_photo_and_a_form_that_are_too_large_are_413_with_the_limit()
    {
        await using var service = await RunningService.StartAsync(
            ("Service:MaximumFileMegabytes", "0.03"), ("Service:MaximumMegapixels", "0.01"), ("Service:MaximumFiles", "2"));
        byte[] manyPixels = Photos.Part(112);
        Assert.InRange(manyPixels.Length, 1, 29_999);

        string file = await Detail(service, "/detect", Photos.Form(new byte[40_000]));
        string photo = await Detail(service, "/detect", Photos.Form(manyPixels));
        string form = await Detail(service, "/detect", Photos.Form(new byte[3_000_000]));
        string files = await Detail(service, "/detect/batch", Batch(3));
        byte[] few = Photos.Part(64);

        Assert.Contains("0.04 MB; the service takes up to 0.03 MB", file, StringComparison.Ordinal);
        Assert.Contains("more than 0.01 million pixels", photo, StringComparison.Ordinal);
        Assert.Contains("0.03 MB each", form, StringComparison.Ordinal);
        Assert.Contains("3 files; the service takes up to 2", files, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await service.Client.PostAsync("/detect", Photos.Form(few))).StatusCode);
    }

    [Fact]
    public async Task Beyond_the_queue_the_answer_is_503_with_Retry_After_and_those_inside_are_served()
    {
        using var gate = new GatedDetector();
        await using var host = Host(gate, ("Service:ConcurrentDetections", "1"), ("Service:QueueLength", "1"));
        using var client = host.CreateClient();
        await Ready(client);
        byte[] photo = Photos.Part(64);

        var first = client.PostAsync("/detect", Photos.Form(photo));
        await gate.Entered;
        var second = client.PostAsync("/detect", Photos.Form(photo));
        // One of the next two waits in the queue, the other is refused, whichever of the three comes first.
        var third = client.PostAsync("/detect", Photos.Form(photo));
        var refused = await await Task.WhenAny(second, third);
        gate.Open();
        var served = await Task.WhenAll(first, second, third);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        Assert.Equal(2, served.Count(r => r.StatusCode == HttpStatusCode.OK));
    }

    [Fact]
    public async Task Under_a_flood_health_answers_and_a_slow_client_or_a_long_name_holds_no_place()
    {
        using var gate = new GatedDetector();
        await using var host = Host(gate, ("Service:ConcurrentDetections", "1"), ("Service:QueueLength", "4"));
        using var client = host.CreateClient();
        await Ready(client);
        byte[] photo = Photos.Part(64);
        using var stop = new CancellationTokenSource();
        var slow = Enumerable.Range(0, 20).Select(_ => client.PostAsync(
            "/detect", new StreamContent(new SlowStream(stop.Token)) { Headers = { { "Content-Type", "multipart/form-data; boundary=b" } } })).ToList();

        var flood = Enumerable.Range(0, 200).Select(_ => client.PostAsync("/detect", Photos.Form(photo))).ToList();
        await gate.Entered;
        var health = await client.GetAsync("/health");
        var live = await client.GetAsync("/health/live");
        var refused = new List<HttpResponseMessage>();
        while (refused.Count < 195)
        {
            var next = await Task.WhenAny(flood);
            flood.Remove(next);
            refused.Add(await next);
        }

        gate.Open();

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (health.StatusCode, live.StatusCode));
        Assert.All(refused, r => Assert.Equal(HttpStatusCode.ServiceUnavailable, r.StatusCode));
        Assert.All(refused, r => Assert.True(r.Headers.RetryAfter!.Delta > TimeSpan.Zero));
        Assert.All(await Task.WhenAll(flood), r => Assert.Equal(HttpStatusCode.OK, r.StatusCode)); // one that ran, four that waited
        var named = await client.PostAsync("/detect", Photos.Form(photo, className: new string('a', 60_000)));
        Assert.Equal(HttpStatusCode.BadRequest, named.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/detect", Photos.Form(photo))).StatusCode);
        Assert.All(slow, s => Assert.False(s.IsCompletedSuccessfully));
        stop.Cancel();
        await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(slow));
    }

    [Fact]
    public async Task A_detection_that_takes_too_long_is_504()
    {
        using var gate = new GatedDetector();
        await using var host = Host(gate, ("Service:TimeoutSeconds", "1"));
        using var client = host.CreateClient();
        await Ready(client);

        var response = await client.PostAsync("/detect", Photos.Form(Photos.Part(64)));
        gate.Open();

        using var problem = await ServiceTests.Json(response, HttpStatusCode.GatewayTimeout);
        Assert.Contains("longer than 1 s", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_503_with_its_reason_everywhere()
    {
        string torn = Path.Combine(Directory.CreateTempSubdirectory("mfpclip-").FullName, "torn.safetensors");
        await File.WriteAllBytesAsync(torn, [1, 2, 3]);
        await using var host = new WebApplicationFactory<Program>().WithWebHostBuilder(b => b.UseSetting("MfpClip:Model", torn));
        using var client = host.CreateClient();
        while ((await client.GetStringAsync("/info")).Contains("\"loading\"", StringComparison.Ordinal))
        {
            await Task.Delay(50);
        }

        var health = await client.GetAsync("/health");
        var detect = await client.PostAsync("/detect", Photos.Form(Photos.Part(64)));
        var live = await client.GetAsync("/health/live");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (health.StatusCode, live.StatusCode));
        Assert.Contains("torn.safetensors", await health.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var problem = await ServiceTests.Json(detect, HttpStatusCode.ServiceUnavailable);
        Assert.Contains("torn.safetensors", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotNull(detect.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("Service:MaximumFiles", "0", "MaximumFiles")]
    [InlineData("Service:MaximumFile", "5", "MaximumFile")]
    [InlineData("MfpClip:Modle", "tiny", "did you mean 'Model'?")]
    public void A_wrong_setting_stops_the_service_at_its_start(string key, string value, string named)
    {
        using var host = new WebApplicationFactory<Program>().WithWebHostBuilder(b => b.UseSetting(key, value));

        var e = Assert.ThrowsAny<Exception>(() => host.CreateClient());

        Assert.True(e is OptionsValidationException or InvalidOperationException, e.ToString());
        Assert.Contains(named, e.ToString(), StringComparison.Ordinal);
    }

    private static MultipartFormDataContent Batch(int count)
    {
        var form = new MultipartFormDataContent();
        for (int i = 0; i < count; i++)
        {
            form.Add(new ByteArrayContent(Photos.Part(64)), "images", $"{i}.png");
        }

        return form;
    }

    private static async Task<string> Detail(RunningService service, string path, HttpContent form)
    {
        // The body waits for the answer to its headers: a client that sends on while the server hangs up sees a broken pipe as often as the answer.
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = form };
        request.Headers.ExpectContinue = true;
        using var problem = await ServiceTests.Json(await service.Client.SendAsync(request), HttpStatusCode.RequestEntityTooLarge);
        return problem.RootElement.GetProperty("detail").GetString()!;
    }

    private static WebApplicationFactory<Program> Host(IZeroShotDetector detector, params (string Key, string Value)[] settings) =>
        new WebApplicationFactory<Program>().WithWebHostBuilder(b =>
        {
            foreach (var (key, value) in settings)
            {
                b.UseSetting(key, value);
            }

            b.ConfigureTestServices(s => s.AddSingleton(detector));
        });

    private static async Task Ready(HttpClient client)
    {
        while (!(await client.GetAsync("/health")).IsSuccessStatusCode)
        {
            await Task.Delay(50);
        }
    }

    /// <summary>A client that sends the beginning of a form, and then nothing.</summary>
    private sealed class SlowStream(CancellationToken stop) : MemoryStream(
        "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n"u8.ToArray())
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = Read(buffer.Span);
            if (read == 0)
            {
                await Task.Delay(Timeout.Infinite, stop);
            }

            return read;
        }
    }

    /// <summary>The default detector behind a gate: it detects when the test says so. The small image of the warm-up passes.</summary>
    private sealed class GatedDetector : IZeroShotDetector
    {
        private readonly ZeroShotDetector _inner = ZeroShotDetector.CreateDefault();
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new();
        private int _calls;

        public Task Entered => _entered.Task;

        public DetectorDescription Description => _inner.Description;

        public ScoreCalibration? Calibration => _inner.Calibration;

        public void Open() => _open.Set();

        public AnomalyResult Detect(ImageInput image, DetectionOptions? options = null, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Increment(ref _calls) > 1)
            {
                _entered.TrySetResult();
                _open.Wait(cancellationToken);
            }

            return _inner.Detect(image, options, cancellationToken);
        }

        public IReadOnlyList<AnomalyResult> DetectBatch(
            IReadOnlyList<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default) =>
            _inner.DetectBatch(images, options, cancellationToken);

        public IAsyncEnumerable<AnomalyResult> DetectAsync(
            IAsyncEnumerable<ImageInput> images, DetectionOptions? options = null, CancellationToken cancellationToken = default) =>
            _inner.DetectAsync(images, options, cancellationToken);

        public void Dispose() => _inner.Dispose();
    }
}
