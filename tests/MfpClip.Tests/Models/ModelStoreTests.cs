using System.Security.Cryptography;
using MfpClip.Models;

namespace MfpClip.Tests.Models;

public sealed class ModelStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;
    private readonly FlakyServer _server = new();
    private readonly byte[] _content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];

    private string Sha => Convert.ToHexStringLower(SHA256.HashData(_content));

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_download_that_breaks_off_is_taken_up_where_it_broke()
    {
        _server.Answer = (n, from) => n < 2
            ? FlakyServer.Body(_content[(int)from..(int)(from + 100_000)], _content.Length - from, from)
            : FlakyServer.Body(_content[(int)from..], _content.Length - from, from);
        var seen = new List<DownloadProgress>();

        string path = await Store().EnsureModelAsync(Model(Sha), new ProgressCallback(seen.Add), default);

        Assert.Equal(_content, File.ReadAllBytes(path));
        Assert.Equal(3, _server.Starts.Count);
        Assert.Equal(0, _server.Starts[0]);
        Assert.All(_server.Starts.Skip(1), s => Assert.InRange(s, 1, _content.Length));
        Assert.Equal(_content.Length, seen[^1].Received);
        Assert.EndsWith(Path.Combine("models--org--net", "snapshots", "rev1", "net.bin"), path, StringComparison.Ordinal);
        Assert.Equal(Sha, new FileInfo(path).ResolveLinkTarget(true)?.Name ?? Sha);
    }

    [Fact]
    public async Task A_server_that_ignores_the_range_is_read_from_the_start()
    {
        _server.Answer = (n, _) => n == 0 ? FlakyServer.Body(_content[..50_000], _content.Length) : FlakyServer.Body(_content, _content.Length);

        Assert.Equal(_content, File.ReadAllBytes(await Store().EnsureModelAsync(Model(Sha))));
    }

    [Fact]
    public async Task Wrong_bytes_are_refused_and_removed()
    {
        _server.Answer = (_, _) => FlakyServer.Body(new byte[1000], 1000);

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store().EnsureModelAsync(Model(Sha)));

        Assert.Contains("net.bin", e.Message, StringComparison.Ordinal);
        Assert.Contains("wrong", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Files(), f => !f.EndsWith(".lock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_hash_a_server_states_is_checked_where_the_catalogue_has_none()
    {
        _server.Answer = (_, _) => FlakyServer.Body(new byte[1000], 1000, extra: $"X-Linked-Etag: \"{Sha}\"\r\n");

        await Assert.ThrowsAsync<ModelStoreException>(() => Store().EnsureModelAsync(Model(null)));
    }

    [Fact]
    public async Task A_length_that_is_never_reached_ends_in_an_error_and_nothing_looks_complete()
    {
        _server.Answer = (_, from) => FlakyServer.Body([1], 1_000_000 - from, from);

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store().EnsureModelAsync(Model(Sha)));

        Assert.Contains("tries", e.Message, StringComparison.Ordinal);
        Assert.All(Files(), f => Assert.True(f.EndsWith(".incomplete", StringComparison.Ordinal) || f.EndsWith(".lock", StringComparison.Ordinal), f));
    }

    [Theory]
    [InlineData(404, 1)]
    [InlineData(401, 1)]
    [InlineData(503, 3)]
    public async Task Refusals_are_told_and_only_passing_ones_tried_again(int code, int tries)
    {
        _server.Answer = (_, _) => FlakyServer.Status(code);

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store().EnsureModelAsync(Model(Sha)));

        Assert.Contains($"{code}", e.Message, StringComparison.Ordinal);
        Assert.Equal(tries, _server.Starts.Count);
    }

    [Fact]
    public async Task Cancelling_keeps_what_arrived()
    {
        _server.Linger = TimeSpan.FromSeconds(30);
        _server.Answer = (_, _) => FlakyServer.Body(_content[..200_000], _content.Length);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store().EnsureModelAsync(Model(Sha), new ProgressCallback(p =>
        {
            if (p.Received >= 200_000)
            {
                cancel.Cancel();
            }
        }), cancel.Token));

        Assert.Equal(200_000, new FileInfo(Files().Single(f => f.EndsWith(".incomplete", StringComparison.Ordinal))).Length);
    }

    [Fact]
    public async Task Offline_never_asks_and_a_complete_model_never_asks_again()
    {
        await Assert.ThrowsAsync<ModelStoreException>(() => Store(offline: true).EnsureModelAsync(Model(Sha)));
        Assert.Empty(_server.Starts);
        _server.Answer = (_, _) => FlakyServer.Body(_content, _content.Length);
        string path = await Store().EnsureModelAsync(Model(Sha));

        Assert.Equal(path, await Store(offline: true).EnsureModelAsync(Model(Sha)));
        Assert.Single(_server.Starts);
    }

    [Fact]
    public async Task Two_at_once_fetch_it_once()
    {
        _server.Answer = (_, _) => FlakyServer.Body(_content, _content.Length);

        var paths = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Store().EnsureModelAsync(Model(Sha))));

        Assert.Single(paths.Distinct());
        Assert.Single(_server.Starts);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones_and_an_absent_model_says_how_to_get_it()
    {
        Assert.Contains("ViT-L-14-336px", Assert.Throws<ModelStoreException>(() => Store().GetPath("vit-huge")).Message, StringComparison.Ordinal);
        Assert.Contains("models get", Assert.Throws<ModelStoreException>(() => Store().GetPath("vit-b-32")).Message, StringComparison.Ordinal);
    }

    private ModelStore Store(bool offline = false) => new(new()
    {
        CacheFolder = _folder, Endpoint = _server.Address, Offline = offline, Retries = 2,
        RetryDelay = TimeSpan.FromMilliseconds(1), Token = null, MirrorFolder = null,
    });

    private static CatalogueModel Model(string? sha) => new()
    {
        Name = "net", Licence = "MIT", Sources = [new() { Repository = "org/net", Revision = "rev1", Files = [new("net.bin", sha)] }],
    };

    private string[] Files() => Directory.GetFiles(_folder, "*", SearchOption.AllDirectories);

    private sealed class ProgressCallback(Action<DownloadProgress> tell) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => tell(value);
    }

    [Fact]
    public async Task A_model_that_no_server_offers_says_where_it_comes_from()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var store = new ModelStore(new() { CacheFolder = folder, MirrorFolder = null });
            var e = await Assert.ThrowsAsync<ModelStoreException>(() => store.EnsureAsync("efficientnet-lite0"));
            Assert.Contains("ML Illustrated", e.Message, StringComparison.Ordinal);
            Assert.Equal("Apache-2.0", ModelCatalogue.Find("efficientnet-lite0").Licence);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
