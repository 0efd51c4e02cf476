using System.Text;
using MfpClip.Methods.PatchCore;
using MfpClip.Weights;

namespace MfpClip.Tests.Methods.PatchCore;

/// <summary>The authors' files: what is not one of them is refused with a typed error, before anything of the size that it says is allocated.</summary>
public sealed class PatchCoreFolderTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Both_files_are_read_with_and_without_a_prefix()
    {
        Write(Pickle(), Index(2, 3), "Ensemble-1-2_");

        using var read = PatchCoreFolder.Read(_folder, "Ensemble-1-2_");

        Assert.Equal(("wideresnet50", 224, 320), (read.Backbone, read.InputHeight, read.InputWidth));
        Assert.Equal([2, 3], read.Options.Stages);
        Assert.Equal((8, 3, 3, 1, 5), (
            read.Options.StageWidth, read.Options.Width, read.Options.Neighbourhood, read.Options.Stride, read.Options.Neighbours));
        TensorAssert.Values([0, 1, 2, 3, 4, 5], read.Memory);
        Assert.Contains("no such file", Assert.Throws<WeightsException>(() => PatchCoreFolder.Read(_folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("layer2", "blocks.3", "layer1 to layer4")]
    [InlineData("layer3", "layer9", "layer1 to layer4")]
    [InlineData("patchsize", "patchside", "missing")]
    [InlineData("target_embed_dimension", "target_embed_dimensiom", "missing")]
    public void Other_settings_are_refused(string text, string instead, string expected)
    {
        Write(Pickle(text, instead), Index(2, 3));

        Assert.Contains(expected, Assert.Throws<WeightsException>(() => PatchCoreFolder.Read(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pickle_that_asks_for_code_is_refused_and_nothing_runs()
    {
        Write(Encoding.Latin1.GetBytes("\u0080\u0002cposix\nsystem\nX\u0004\0\0\0true\u0085R."), Index(2, 3));

        Assert.Contains("posix.system", Assert.Throws<WeightsException>(() => PatchCoreFolder.Read(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_two_models_are_refused()
    {
        Write(Pickle(), Index(2, 4));

        Assert.Contains("two models", Assert.Throws<WeightsException>(() => PatchCoreFolder.Read(_folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, int.MaxValue, "does not fit")] // width
    [InlineData(4, 0, "does not fit")]
    [InlineData(4, -3, "does not fit")]
    [InlineData(8, int.MaxValue, "does not fit")] // number of vectors
    [InlineData(8, 0, "does not fit")]
    [InlineData(12, int.MinValue, "does not fit")] // its upper half
    [InlineData(12, 1 << 30, "does not fit")]
    [InlineData(37, 7, "does not fit")] // number of values
    [InlineData(33, 0, "metric is 0")] // inner product
    [InlineData(45, 0x7f800000, "not finite")] // the first value
    [InlineData(0, 0x49467849, "'IxFI'")] // another kind
    [InlineData(0, 0x6c467749, "'IwFl'")]
    [InlineData(0, 1, "not one of faiss")]
    public void A_faiss_file_of_other_sizes_or_kinds_is_refused(int at, int value, string expected)
    {
        byte[] index = Index(2, 3);
        BitConverter.TryWriteBytes(index.AsSpan(at), value);
        Write(Pickle(), index);

        Assert.Contains(expected, Assert.Throws<WeightsException>(() => PatchCoreFolder.Read(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cut_of_a_faiss_file_is_refused()
    {
        byte[] index = Index(2, 3);
        string path = Path.Combine(_folder, "cut.faiss");
        for (int length = 0; length < index.Length; length++)
        {
            File.WriteAllBytes(path, index[..length]);
            Assert.Throws<WeightsException>(() => FaissIndexFile.Read(path));
        }
    }

    private void Write(byte[] pickle, byte[] index, string prefix = "")
    {
        File.WriteAllBytes(Path.Combine(_folder, $"{prefix}patchcore_params.pkl"), pickle);
        File.WriteAllBytes(Path.Combine(_folder, $"{prefix}nnscorer_search_index.faiss"), index);
    }

    // What pickle.dump writes of the dictionary, without memo.
    private static byte[] Pickle(string text = "", string instead = "")
    {
        var p = new StringBuilder("\u0080\u0004}(");
        void Text(string s) => p.Append('\u008c').Append((char)(s == text ? instead : s).Length).Append(s == text ? instead : s);
        void Number(int n) => p.Append('M').Append((char)(n & 255)).Append((char)(n >> 8));
        Text("backbone.name");
        Text("wideresnet50");
        Text("layers_to_extract_from");
        p.Append("](");
        Text("layer2");
        Text("layer3");
        p.Append('e');
        Text("input_shape");
        Number(3);
        Number(224);
        Number(320);
        p.Append('\u0087');
        foreach (var (key, value) in new[]
            {
                ("pretrain_embed_dimension", 8), ("target_embed_dimension", 3), ("patchsize", 3), ("patchstride", 1), ("anomaly_scorer_num_nn", 5),
            })
        {
            Text(key);
            Number(value);
        }

        return Encoding.Latin1.GetBytes(p.Append("u.").ToString());
    }

    private static byte[] Index(int count, int width)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("IxF2"u8);
        writer.Write(width);
        writer.Write((long)count);
        writer.Write(1L << 20);
        writer.Write(1L << 20);
        writer.Write(true);
        writer.Write(1);
        writer.Write((long)count * width);
        for (int i = 0; i < count * width; i++)
        {
            writer.Write((float)i);
        }

        writer.Flush();
        return stream.ToArray();
    }
}
