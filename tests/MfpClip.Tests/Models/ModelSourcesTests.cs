using System.Security.Cryptography;
using System.Text;
using MfpClip.Models;

namespace MfpClip.Tests.Models;

/// <summary>Several sources, mirrors, redirections, and servers whose file changes or that fall silent.</summary>
public sealed class ModelSourcesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;
    private readonly FlakyServer _server = new();
    private readonly byte[] _content = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 11))];
    private readonly byte[] _newer = [.. Enumerable.Range(0, 90_000).Select(i => (byte)(i * 13))];

    private string Sha => Convert.ToHexStringLower(SHA256.HashData(_content));

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_second_source_is_taken_where_the_first_does_not_have_the_file()
    {
        _server.AnswerTo = (request, _) => request.Contains("/org/first/", StringComparison.Ordinal) ? FlakyServer.Status(404)
            : FlakyServer.Body(_content, _content.Length);

        string path = await Store().EnsureModelAsync(Model(Source("org/first"), Source("org/second")));

        Assert.Equal(_content, File.ReadAllBytes(path));
        Assert.Contains("models--org--second", path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_error_names_every_source_with_its_reason()
    {
        _server.AnswerTo = (request, _) => FlakyServer.Status(request.Contains("/org/first/", StringComparison.Ordinal) ? 404 : 403);

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store().EnsureModelAsync(Model(Source("org/first"), Source("org/second"))));

        Assert.Contains("(1) org/first at rev1: 'net.bin': 127.0.0.1 answers 404", e.Message, StringComparison.Ordinal);
        Assert.Contains("(2) org/second at rev1: 'net.bin': 127.0.0.1 answers 403", e.Message, StringComparison.Ordinal);
        Assert.Contains("HF_ENDPOINT", e.Message, StringComparison.Ordinal);
        Assert.Contains("MFPCLIP_MODELS_MIRROR", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_changes_between_two_parts_is_fetched_from_the_start()
    {
        // As HTTP has it (RFC 9110, 13.1.5): If-Range with the old tag, the whole new file in return.
        _server.AnswerTo = (request, _) => request.Contains("If-Range: \"v1\"", StringComparison.OrdinalIgnoreCase)
            ? FlakyServer.Body(_newer, _newer.Length, extra: "ETag: \"v2\"\r\n")
            : FlakyServer.Body(_content[..40_000], _content.Length, extra: "ETag: \"v1\"\r\n");

        string path = await Store().EnsureModelAsync(Model(Source("org/net", sha: null)));

        Assert.Equal(_newer, File.ReadAllBytes(path));
        Assert.Equal(40_000, _server.Starts[1]);
    }

    [Fact]
    public async Task A_part_of_another_version_is_not_joined_even_if_the_server_sends_it()
    {
        _server.Answer = (n, from) => n switch
        {
            0 => FlakyServer.Body(_content[..40_000], _content.Length, extra: "ETag: \"v1\"\r\n"),
            1 => FlakyServer.Body(_newer[(int)from..], _newer.Length - from, from, "ETag: \"v2\"\r\n"),
            _ => FlakyServer.Body(_newer, _newer.Length, extra: "ETag: \"v2\"\r\n"),
        };

        Assert.Equal(_newer, File.ReadAllBytes(await Store().EnsureModelAsync(Model(Source("org/net", sha: null)))));
        Assert.Equal([0, 40_000, 0], _server.Starts);
    }

    [Fact]
    public async Task Without_a_version_and_a_hash_nothing_is_resumed()
    {
        _server.Answer = (n, _) => n == 0 ? FlakyServer.Body(_content[..40_000], _content.Length) : FlakyServer.Body(_newer, _newer.Length);

        Assert.Equal(_newer, File.ReadAllBytes(await Store().EnsureModelAsync(Model(Source("org/net", sha: null)))));
        Assert.Equal([0, 0], _server.Starts);
    }

    [Fact]
    public async Task A_wrong_end_of_a_resumed_file_is_fetched_once_more_as_a_whole()
    {
        // No entity tag: only the known hash tells that the beginning was another version's.
        _server.Answer = (n, from) => n == 0 ? FlakyServer.Body(_newer[..40_000], _content.Length)
            : FlakyServer.Body(_content[(int)from..], _content.Length - from, from);

        Assert.Equal(_content, File.ReadAllBytes(await Store().EnsureModelAsync(Model(Source("org/net")))));
        Assert.Equal([0, 40_000, 0], _server.Starts);
    }

    [Fact]
    public async Task A_body_that_states_no_length_is_refused_where_no_hash_is_known()
    {
        _server.Answer = (_, _) => [.. Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), .. _content[..50_000]];

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store().EnsureModelAsync(Model(Source("org/net", sha: null))));

        Assert.Contains("neither a length nor a hash", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_server_is_left_and_the_next_source_taken()
    {
        _server.Linger = TimeSpan.FromSeconds(30);
        using var second = new FlakyServer { Answer = (_, _) => FlakyServer.Body(_content, _content.Length) };
        var far = new CatalogueSource { Repository = "org/far", Revision = "1", Files = [new("net.bin", Sha, new(second.Address, "net.bin"))] };
        _server.Answer = (_, _) => FlakyServer.Body(_content[..1000], _content.Length);

        string path = await Store(retries: 0, silence: 0.3).EnsureModelAsync(Model(Source("org/net"), far));

        Assert.Equal(_content, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task A_silent_server_is_named_as_such()
    {
        _server.Linger = TimeSpan.FromSeconds(30);
        _server.Answer = (_, _) => [];

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store(retries: 0, silence: 0.3).EnsureModelAsync(Model(Source("org/net"))));

        Assert.Contains("sent nothing for 0.3 s", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hash_that_a_redirecting_hub_states_is_checked_and_its_token_stays_there()
    {
        using var storage = new FlakyServer { Answer = (_, _) => FlakyServer.Body(_newer, _newer.Length) };
        _server.Answer = (_, _) => FlakyServer.Redirect(new(storage.Address, "blob"), $"X-Linked-Etag: \"{Sha}\"\r\n");

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store(token: "secret").EnsureModelAsync(Model(Source("org/net", sha: null))));

        Assert.Contains(Sha[..12], e.Message, StringComparison.Ordinal);
        Assert.Contains("Bearer secret", _server.Requests[0], StringComparison.Ordinal);
        Assert.All(storage.Requests, r => Assert.DoesNotContain("secret", r, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_path_of_the_endpoint_is_kept()
    {
        _server.Answer = (_, _) => FlakyServer.Body(_content, _content.Length);

        await Store(endpoint: new(_server.Address, "hub/mirror/")).EnsureModelAsync(Model(Source("org/net")));

        Assert.StartsWith("GET /hub/mirror/org/net/resolve/rev1/net.bin ", _server.Requests.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("net")]
    [InlineData("org/net")]
    [InlineData("org/net/rev1")]
    public async Task A_mirror_folder_is_asked_first_also_offline(string place)
    {
        string mirror = Path.Combine(_folder, "mirror");
        Directory.CreateDirectory(Path.Combine(mirror, place));
        File.WriteAllBytes(Path.Combine(mirror, place, "net.bin"), _content);

        string path = await Store(mirror: mirror, offline: true).EnsureModelAsync(Model(Source("org/net")));

        Assert.Equal(_content, File.ReadAllBytes(path));
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task Wrong_bytes_of_a_mirror_are_named_and_not_taken()
    {
        string mirror = Path.Combine(_folder, "mirror");
        Directory.CreateDirectory(Path.Combine(mirror, "net"));
        File.WriteAllBytes(Path.Combine(mirror, "net", "net.bin"), _newer);

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store(mirror: mirror, offline: true).EnsureModelAsync(Model(Source("org/net"))));

        Assert.Contains(Path.Combine(mirror, "net"), e.Message, StringComparison.Ordinal);
        Assert.Contains("wrong", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exported_model_is_a_mirror_for_another_machine()
    {
        _server.Answer = (_, _) => FlakyServer.Body(_content, _content.Length);
        var model = Model(Source("org/net"));
        var here = Store();
        await here.EnsureModelAsync(model);

        string carried = await here.ExportAsync(model, Path.Combine(_folder, "stick"));

        Assert.Equal(Path.Combine(_folder, "stick", "net", "net.bin"), carried);
        Assert.Null(new FileInfo(carried).LinkTarget);
        var there = new ModelStore(new() { CacheFolder = Path.Combine(_folder, "there"), MirrorFolder = Path.Combine(_folder, "stick"), Offline = true });
        Assert.Equal(_content, File.ReadAllBytes(await there.EnsureModelAsync(model)));
    }

    [Fact]
    public async Task A_configuration_with_the_wrong_activation_is_refused_before_the_weights_are_fetched()
    {
        byte[] gelu = Encoding.UTF8.GetBytes("""{"model_cfg":{"embed_dim":512,"quick_gelu":false}}""");
        byte[] quick = Encoding.UTF8.GetBytes("""{"vision_config":{"hidden_act":"quick_gelu"}}""");
        _server.AnswerTo = (request, _) => request.Contains("open_clip_config.json", StringComparison.Ordinal) ? FlakyServer.Body(gelu, gelu.Length)
            : request.Contains("/config.json", StringComparison.Ordinal) ? FlakyServer.Body(quick, quick.Length) : FlakyServer.Body(_content, _content.Length);
        var model = Model(
            new() { Repository = "org/a", Revision = "1", Files = [new("net.bin", Sha), new("open_clip_config.json")] },
            new() { Repository = "org/b", Revision = "1", Files = [new("net.bin", Sha), new("config.json")] }) with { Activation = "quick_gelu" };

        string path = await Store().EnsureModelAsync(model);

        Assert.Contains("models--org--b", path, StringComparison.Ordinal);
        Assert.DoesNotContain(_server.Requests, r => r.Contains("/org/a/resolve/1/net.bin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pinned_hash_is_checked()
    {
        _server.Answer = (_, _) => FlakyServer.Body(_newer, _newer.Length);
        var model = Model(Source("org/net", sha: null)).Pin("rev2", Sha);

        var e = await Assert.ThrowsAsync<ModelStoreException>(() => Store().EnsureModelAsync(model));

        Assert.Contains("wrong", e.Message, StringComparison.Ordinal);
        Assert.Contains("/resolve/rev2/", _server.Requests[0], StringComparison.Ordinal);
        Assert.Throws<ModelStoreException>(() => model.Pin(null, "abc"));
        Assert.Null(Model(Source("org/net")).Pin("rev2", null).Sources[0].Files[0].Sha256);
    }

    private CatalogueSource Source(string repository) => Source(repository, Sha);

    private static CatalogueSource Source(string repository, string? sha) =>
        new() { Repository = repository, Revision = "rev1", Files = [new("net.bin", sha)] };

    private static CatalogueModel Model(params CatalogueSource[] sources) => new() { Name = "net", Licence = "MIT", Sources = sources };

    private ModelStore Store(
        int retries = 2, double silence = 30, string? token = null, Uri? endpoint = null, string? mirror = null, bool offline = false) => new(new()
        {
            CacheFolder = Path.Combine(_folder, "cache"), Endpoint = endpoint ?? _server.Address, Offline = offline, Retries = retries,
            RetryDelay = TimeSpan.FromMilliseconds(1), SilenceTimeout = TimeSpan.FromSeconds(silence), Token = token, MirrorFolder = mirror,
        });
}
