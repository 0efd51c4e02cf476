using System.IO.Compression;
using System.Text;
using MfpClip.Weights;

namespace MfpClip.Tests.Weights;

public sealed class HostilePickleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("torch.storage", "_load_from_bytes")]
    public void A_file_that_asks_for_code_is_refused_and_nothing_runs(string module, string name)
    {
        string mark = Path.Combine(_folder, "ran");
        string pickle = $"\u0080\u0002c{module}\n{name}\nX{(char)(6 + mark.Length)}\0\0\0touch {mark}\u0085R.";

        var e = Assert.Throws<WeightsException>(() => WeightFile.Open(Archive(Encoding.Latin1.GetBytes(pickle))));

        Assert.Contains($"{module}.{name}", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(mark));
    }

    [Fact]
    public void Dictionaries_that_hold_each_other_end_in_an_error()
    {
        // d = {}; d['x'] = d
        byte[] pickle = Encoding.Latin1.GetBytes("\u0080\u0002}q\0X\u0001\0\0\0xh\0s.");

        Assert.Contains("without end", Assert.Throws<WeightsException>(() => WeightFile.Open(Archive(pickle))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u0080\u0002X\u00ff\u00ff\u00ff\u007f.")]
    [InlineData("\u0080\u0002(((((t.")]
    [InlineData("\u0080\u0002s.")]
    [InlineData("\u0080\u0002h\u0005.")]
    [InlineData("\u0080\u0002}.")]
    [InlineData("\u0080\u0002\u0001.")]
    [InlineData("\u0080\u0002")]
    public void Broken_pickles_are_refused(string pickle) =>
        Assert.Throws<WeightsException>(() => WeightFile.Open(Archive(Encoding.Latin1.GetBytes(pickle))));

    private string Archive(byte[] pickle)
    {
        string path = Path.Combine(_folder, "model.pt");
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        using var entry = zip.CreateEntry("model/data.pkl", CompressionLevel.NoCompression).Open();
        entry.Write(pickle);
        return path;
    }
}
