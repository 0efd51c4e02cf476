using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.Backbones;

/// <summary>Maps of residual networks against torchvision's, with sizes that no published network has: they are read from the file's tensors.</summary>
public class ResNetMapsParityTests
{
    [SkippableTheory]
    [InlineData("resnet.safetensors", "")]
    [InlineData("resnet.pth", "")]
    [InlineData("resnet_basic.safetensors", "basic.")]
    public void Maps_of_every_stage_agree(string file, string prefix)
    {
        using var scope = torch.NewDisposeScope();
        string folder = Goldens.Family("patchcore");
        var images = Goldens.Tensors(folder, "inputs.safetensors")["test"];
        var expected = Expected(folder, prefix);
        using var cnn = Load(folder, file);

        var maps = cnn.ExtractMaps(images, [.. expected.Keys]);

        Assert.NotEmpty(expected);
        double tolerance = Goldens.Manifest("patchcore").GetProperty("tolerance").GetProperty("feature_maps").GetDouble();
        foreach (var (wanted, found) in expected.Zip(maps))
        {
            Goldens.Close($"{file} {wanted.Key}", wanted.Value, found, tolerance);
            var about = Assert.Single(cnn.Maps, m => m.Name == wanted.Key);
            Assert.Equal((wanted.Value.shape[1], images.shape[2] / wanted.Value.shape[2]), (about.Channels, about.Stride));
        }
    }

    [SkippableFact]
    public void A_batch_gives_what_its_images_give_alone()
    {
        using var scope = torch.NewDisposeScope();
        string folder = Goldens.Family("patchcore");
        var images = Goldens.Tensors(folder, "inputs.safetensors")["train"];
        using var cnn = Load(folder, "resnet.safetensors");
        string[] names = [.. cnn.Maps.Select(m => m.Name)];

        var together = cnn.ExtractMaps(images, names);

        for (long i = 0; i < images.shape[0]; i++)
        {
            foreach (var (name, one, all) in names.Zip(cnn.ExtractMaps(images.narrow(0, i, 1), names), together))
            {
                Goldens.Close($"{name} of image {i}", one, all.narrow(0, i, 1), 2e-5);
            }
        }
    }

    [SkippableFact]
    public void Maps_in_bfloat16_are_near_those_in_float32()
    {
        using var scope = torch.NewDisposeScope();
        string folder = Goldens.Family("patchcore");
        var images = Goldens.Tensors(folder, "inputs.safetensors")["test"];
        using var cnn = Load(folder, "resnet.safetensors");
        cnn.GetService<IBFloat16Compute>()!.UseBFloat16(true);

        foreach (var (name, wanted) in Expected(folder, string.Empty))
        {
            var found = cnn.ExtractMaps(images, [name])[0];
            Assert.Equal(ScalarType.Float32, found.dtype);
            // Eight bits of fraction, a dozen layers deep.
            Goldens.Close(name, wanted, found, 0.05 * wanted.abs().max().item<float>());
        }
    }

    private static ResNetFeatureExtractor Load(string folder, string name)
    {
        using var file = WeightFile.Open(Path.Combine(folder, name));
        return ResNetFeatureExtractor.Load(ResNetArchitecture.FromFile, file);
    }

    // "layer2.test", "basic.layer2.test"
    private static Dictionary<string, Tensor> Expected(string folder, string prefix) => Goldens.Tensors(folder, "expected.safetensors")
        .Where(t => t.Key.StartsWith($"{prefix}layer", StringComparison.Ordinal) && t.Key.EndsWith(".test", StringComparison.Ordinal))
        .ToDictionary(t => t.Key[prefix.Length..^".test".Length], t => t.Value, StringComparer.Ordinal);
}
