using System.Text.Json;
using MfpClip.Data;

namespace MfpClip.Evaluation.Tests.Data;

public sealed class CrossDataSetProtocolTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Disjoint_data_are_described_with_seed_and_hashes()
    {
        var protocol = CrossDataSetProtocol.Create([Open("a/metal_nut")], [Open("b/tile")], seed: 7);

        string text = string.Join('\n', protocol.Describe());
        Assert.Contains("a/metal_nut (1 images, sha256 ", text, StringComparison.Ordinal);
        Assert.Contains(protocol.Test[0].Sha256[..12], text, StringComparison.Ordinal);
        Assert.Contains("seed: 7", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_category_name_is_refused_however_it_is_written()
    {
        var e = Assert.Throws<ProtocolException>(() => CrossDataSetProtocol.Create([Open("a/metal_nut")], [Open("b/Metal-Nut")], 0));

        Assert.Contains("'Metal-Nut'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_path_and_the_same_file_under_other_names_are_refused()
    {
        var nut = Open("a/nut");
        var copy = Open("b/tile");
        File.Copy(nut.Samples[0].ImagePath, copy.Samples[0].ImagePath, overwrite: true);

        var path = Assert.Throws<ProtocolException>(() => CrossDataSetProtocol.Create([nut], [nut with { Name = "other" }], 0));
        var file = Assert.Throws<ProtocolException>(() => CrossDataSetProtocol.Create([nut], [copy], 0));

        Assert.Equal(2, path.Overlaps.Count);
        Assert.Contains("same as in a/nut", Assert.Single(file.Overlaps), StringComparison.Ordinal);
    }

    [Fact]
    public void The_record_of_a_training_is_enough_to_refuse_overlap()
    {
        var nut = Open("a/nut");
        string record = JsonSerializer.Serialize(CategoryFingerprint.Of(nut));
        var fingerprint = JsonSerializer.Deserialize<CategoryFingerprint>(record)!;

        Assert.Throws<ProtocolException>(() => CrossDataSetProtocol.Create([fingerprint], [CategoryFingerprint.Of(nut with { Name = "other" })], 0));
        Assert.Equal(3, CrossDataSetProtocol.Create([fingerprint], [CategoryFingerprint.Of(Open("b/tile"))], 3).Seed);
    }

    private AnomalyCategory Open(string path)
    {
        _folder.Picture($"{path}/test/good/0.png");
        return DataSetReader.Open(_folder[path]).Categories[0];
    }
}
