using System.Net;

namespace MfpClip.Distributed.Tests;

/// <summary>Which images a worker reads, and what it never reads.</summary>
public sealed class ImageStoreTests : IDisposable
{
    private readonly Photos _photos = new();
    private readonly HttpListener _listener = new();
    private readonly string _host;

    public ImageStoreTests()
    {
        for (int port = Random.Shared.Next(20_000, 40_000); ; port++)
        {
            try
            {
                _listener = new();
                _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
                _listener.Start();
                _host = $"127.0.0.1:{port}";
                break;
            }
            catch (HttpListenerException)
            {
                // Taken.
            }
        }

        _ = ServeAsync();
    }

    public void Dispose()
    {
        _listener.Close();
        _photos.Dispose();
    }

    [Fact]
    public async Task An_image_of_a_named_host_is_read_and_its_bytes_are_checked()
    {
        var fetcher = Fetcher(new() { Hosts = [_host] });
        var uri = new Uri($"http://{_host}/photo.png?sig=secret");

        var image = await fetcher.FetchAsync(uri, Photos.Hash(Photos.Png(5)));

        Assert.Equal(Photos.Png(5), image.Bytes!.Value.ToArray());
        Assert.Equal($"http://{_host}/photo.png", image.Name);
        Assert.Equal(Photos.Hash(Photos.Png(5)), await fetcher.HashAsync(uri));
        var changed = await Assert.ThrowsAsync<ImageFetchException>(() => fetcher.FetchAsync(uri, new string('0', 64)));
        Assert.Equal(DeadCause.Changed, changed.Cause);
        Assert.DoesNotContain("secret", changed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redirect", DeadCause.Forbidden)]
    [InlineData("absent", DeadCause.Unreachable)]
    [InlineData("busy", DeadCause.Unreachable)]
    [InlineData("slow", DeadCause.Unreachable)]
    [InlineData("large", DeadCause.Unreadable)]
    public async Task What_a_host_does_wrong_has_its_cause(string path, DeadCause cause)
    {
        var fetcher = new ImageFetcher(new ImageAccessOptions { Hosts = [_host], Timeout = TimeSpan.FromSeconds(2) }.CreateStores(), maximumBytes: 10_000);

        var error = await Assert.ThrowsAsync<ImageFetchException>(() => fetcher.HashAsync(new($"http://{_host}/{path}")));

        Assert.Equal(cause, error.Cause);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_read_that_was_not_allowed()
    {
        var nothing = Fetcher(new());
        var other = Fetcher(new() { Hosts = ["images.plant.example", "127.0.0.1:1"], Roots = [_photos.Folder] });
        foreach (var uri in new[] { new Uri($"http://{_host}/photo.png"), new Uri("http://localhost/a.png"), new Uri("file:///etc/hostname") })
        {
            Assert.Equal(DeadCause.Forbidden, (await Assert.ThrowsAsync<ImageFetchException>(() => nothing.HashAsync(uri))).Cause);
            Assert.Equal(DeadCause.Forbidden, (await Assert.ThrowsAsync<ImageFetchException>(() => other.HashAsync(uri))).Cause);
        }
    }

    [Fact]
    public async Task A_folder_whose_name_begins_alike_is_another_one()
    {
        string inner = Directory.CreateDirectory(Path.Combine(_photos.Folder, "in")).FullName, beside = Path.Combine(_photos.Folder, "inside");
        Directory.CreateDirectory(beside);
        File.WriteAllBytes(Path.Combine(beside, "a.png"), Photos.Png(1));
        File.WriteAllBytes(Path.Combine(inner, "a.png"), Photos.Png(1));
        var fetcher = Fetcher(new() { Roots = [inner] });

        Assert.Equal(Photos.Hash(Photos.Png(1)), await fetcher.HashAsync(new(Path.Combine(inner, "a.png"))));
        await Assert.ThrowsAsync<ImageFetchException>(() => fetcher.HashAsync(new(Path.Combine(beside, "a.png"))));
    }

    [Fact]
    public void Faults_of_the_options_are_named()
    {
        string faults = string.Join('\n', new ImageAccessOptions { Roots = ["/no/such/folder"], Hosts = ["a b", "host/path"], Timeout = default }.Faults());

        Assert.All(new[] { "/no/such/folder", "'a b'", "host/path", "Timeout" }, f => Assert.Contains(f, faults, StringComparison.Ordinal));
    }

    private static ImageFetcher Fetcher(ImageAccessOptions options) => new(options.CreateStores());

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                var response = context.Response;
                switch (context.Request.Url!.AbsolutePath)
                {
                    case "/photo.png":
                        await response.OutputStream.WriteAsync(Photos.Png(5));
                        break;
                    case "/redirect":
                        response.Redirect($"http://{_host}/photo.png");
                        break;
                    case "/large":
                        await response.OutputStream.WriteAsync(new byte[20_000]);
                        break;
                    case "/slow":
                        response.ContentLength64 = 100;
                        await response.OutputStream.WriteAsync(new byte[10]);
                        await response.OutputStream.FlushAsync();
                        await Task.Delay(6000);
                        break;
                    default:
                        response.StatusCode = context.Request.Url.AbsolutePath == "/busy" ? 503 : 404;
                        break;
                }

                response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
            {
                // The caller went away.
            }
        }
    }
}
