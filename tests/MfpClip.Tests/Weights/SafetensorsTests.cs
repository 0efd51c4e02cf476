using System.Buffers.Binary;
using System.Text;
using MfpClip.Weights;

namespace MfpClip.Tests.Weights;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    private string File1 => Path.Combine(_folder, "a.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_written_is_read_back_with_its_metadata()
    {
        using var scope = torch.NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>
        {
            ["weights"] = torch.arange(6, torch.float32).reshape(2, 3),
            ["half"] = torch.tensor([1.5f, -2f]).to(torch.float16),
            ["brain"] = torch.tensor([0.25f]).to(torch.bfloat16),
            ["scalar"] = torch.tensor(7L),
            ["empty"] = torch.zeros(0, 4),
            ["turned"] = torch.arange(6, torch.float32).reshape(2, 3).t(),
        };

        SafetensorsWriter.Write(File1, tensors, new Dictionary<string, string> { ["method"] = "MFP-CLIP \"ü\"" });

        using var file = WeightFile.Open(File1);
        Assert.Equal("MFP-CLIP \"ü\"", file.Metadata["method"]);
        Assert.Equal(tensors.Keys.Order(), file.Tensors.Keys.Order());
        foreach (var (name, tensor) in tensors)
        {
            var read = file.Read(name);
            Assert.Equal(tensor.dtype, read.dtype);
            Assert.Equal(tensor.shape, read.shape);
            Assert.True(tensor.eq(read).all().item<bool>());
        }

        Assert.Equal([File1], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        using var scope = torch.NewDisposeScope();
        SafetensorsWriter.Write(File1, [KeyValuePair.Create("x", torch.ones(1))]);
        byte[] before = File.ReadAllBytes(File1);

        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(File1, [KeyValuePair.Create("x", torch.ones(1, dtype: torch.complex64))]));
        Assert.Throws<OutputException>(() => SafetensorsWriter.Write(Path.Combine(_folder, "absent", "b"), [KeyValuePair.Create("x", torch.ones(1))]));

        Assert.Equal(before, File.ReadAllBytes(File1));
        Assert.Equal([File1], Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "share")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}""", 8, "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,800]}}""", 8, "outside")]
    [InlineData("""{"a":{"dtype":"F7","shape":[2],"data_offsets":[0,8]}}""", 8, "F7")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "twice")]
    [InlineData("""{"a":5}""", 0, "header")]
    [InlineData("""{"a":""", 0, "header")]
    public void A_wrong_header_is_refused_with_its_reason(string header, int data, string reason)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        File.WriteAllBytes(File1, bytes);

        var e = Assert.Throws<WeightsException>(() => WeightFile.Open(File1));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Contains(File1, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_claims_more_than_the_file_is_refused_before_memory_is_taken()
    {
        var bytes = new byte[32];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, long.MaxValue);
        bytes[8] = (byte)'{';
        File.WriteAllBytes(File1, bytes);

        Assert.Contains("claims", Assert.Throws<WeightsException>(() => WeightFile.Open(File1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "0 bytes")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "Git LFS")]
    [InlineData("<!DOCTYPE html><html></html>", "web page")]
    [InlineData("just some text that is long enough", "no known kind")]
    public void Files_of_another_kind_are_named(string content, string reason)
    {
        File.WriteAllText(File1, content);

        Assert.Contains(reason, Assert.Throws<WeightsException>(() => WeightFile.Open(File1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_absent_file_and_a_folder_are_named()
    {
        Assert.Contains("no such file", Assert.Throws<WeightsException>(() => WeightFile.Open(File1)).Message, StringComparison.Ordinal);
        Assert.Contains("folder", Assert.Throws<WeightsException>(() => WeightFile.Open(_folder)).Message, StringComparison.Ordinal);
    }
}
