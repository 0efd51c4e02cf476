using MfpClip.Weights;

namespace MfpClip.Parity.Tests.Weights;

public class WeightFormatTests
{
    private static readonly string[] Extensions = [".pt", ".pth", ".bin", ".safetensors"];

    [SkippableFact]
    public void Every_weight_file_of_the_goldens_opens_and_every_tensor_reads()
    {
        string root = Path.GetDirectoryName(Goldens.Family("clip-small-vocab"))!;
        var files = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(f => Extensions.Contains(Path.GetExtension(f))).ToList();
        Assert.NotEmpty(files);
        foreach (string path in files)
        {
            using var scope = torch.NewDisposeScope();
            using var file = WeightFile.Open(path);
            Assert.NotEmpty(file.Tensors);
            foreach (var (name, info) in file.Tensors)
            {
                Assert.Equal(info.Shape, file.Read(name).shape);
            }
        }
    }

    [SkippableFact]
    public void The_formats_hold_the_same_values_bit_for_bit()
    {
        using var scope = torch.NewDisposeScope();
        string folder = Goldens.Family("clip-small-vocab");
        var expected = Goldens.Tensors(folder, "open_clip", "open_clip_model.safetensors");
        foreach (string other in new[] { "open_clip/open_clip_pytorch_model.bin", "model.state_dict.legacy.pt", "model.jit.pt" })
        {
            var actual = Goldens.Tensors(folder, other);
            foreach (var (name, tensor) in expected)
            {
                Assert.True(actual.ContainsKey(name), $"{other} lacks {name}");
                Assert.Equal(tensor.dtype, actual[name].dtype);
                Goldens.Close($"{other}: {name}", tensor, actual[name], 0);
            }
        }
    }

    [SkippableFact]
    public void The_kind_is_told_from_the_content()
    {
        string folder = Goldens.Family("clip-small-vocab");
        foreach (var (name, format) in new[]
        {
            ("model.jit.pt", WeightFormat.TorchScript), ("model.state_dict.pt", WeightFormat.TorchZip),
            ("model.state_dict.legacy.pt", WeightFormat.TorchLegacy), ("hf/model.safetensors", WeightFormat.Safetensors),
        })
        {
            using var file = WeightFile.Open(Path.Combine(folder, name));
            Assert.Equal(format, file.Format);
        }
    }

    [SkippableTheory]
    [InlineData("model.jit.pt")]
    [InlineData("model.state_dict.legacy.pt")]
    [InlineData("open_clip/open_clip_model.safetensors")]
    public void Damaged_files_give_nothing_but_a_weights_exception(string name)
    {
        byte[] original = File.ReadAllBytes(Path.Combine(Goldens.Family("clip-small-vocab"), name));
        string path = Path.Combine(Directory.CreateTempSubdirectory("mfpclip-").FullName, "model");
        var random = new Random(5);
        int refused = 0;
        for (int i = 0; i < 150; i++)
        {
            byte[] bytes = i % 3 == 0 ? original[..random.Next(original.Length)] : (byte[])original.Clone();
            for (int flips = i % 3 == 0 ? 0 : 1 + random.Next(20); flips > 0; flips--)
            {
                // Mostly the structure: the first and last 16 KiB.
                int at = random.Next(Math.Min(bytes.Length, 32768));
                bytes[at < 16384 ? at : bytes.Length - 1 - (at - 16384)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                using var scope = torch.NewDisposeScope();
                using var file = WeightFile.Open(path);
                foreach (string tensor in file.Tensors.Keys.Take(20))
                {
                    file.Read(tensor).Dispose();
                }
            }
            catch (WeightsException)
            {
                refused++;
            }
        }

        Assert.True(refused > 40, $"only {refused} were refused");
    }
}
