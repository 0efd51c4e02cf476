using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Kernels;
using MfpClip.Methods.AnomalyClip;
using MfpClip.Modules;
using MfpClip.Modules.Self;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>AnomalyCLIP's vision tower with DPAM on the small CLIP, at its own size and a larger one, against the authors' code.</summary>
public class DpamParityTests
{
    [SkippableFact]
    public void Every_tensor_of_both_paths_agrees()
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        string folder = Goldens.Family("clip-small-vocab");
        var manifest = Goldens.Manifest("clip-small-vocab");
        var config = manifest.GetProperty("configuration").GetProperty("main");
        double tolerance = manifest.GetProperty("tolerance_max_abs_diff_float32").GetProperty("features, tokens, hidden").GetDouble();
        int[] blocks = [.. config.GetProperty("blocks_exported").EnumerateArray().Select(b => b.GetInt32())];
        var inputs = Goldens.Tensors(folder, "inputs.safetensors");
        var expected = Goldens.Tensors(folder, "outputs.anomalyclip_dpam.safetensors");
        using var clip = ClipBackbone.Load(
            Path.Combine(folder, "model.state_dict.pt"), new() { Activation = MlpActivation.QuickGelu, Interpolation = PositionInterpolation.Bilinear });
        var encoder = AnomalyClipParts.CreateVisionEncoder(
            ModuleDimensions.Of(clip, null, blocks.Length), new() { DualPathBlocks = config.GetProperty("dpam_layer").GetInt32() - 1 });
        var compared = new HashSet<string>();
        foreach (var (prefix, images) in new[] { ("dpam", "images"), ("dpam_large", "images_large") })
        {
            using var image = new ImageContext(clip, null, inputs[images]);
            var encoding = encoder.Encode(new() { Tower = clip.Vision, Image = image, Stages = new(blocks), Self = new NoSelfPrompt() });
            Compare($"{prefix}.image_features", encoding.ClassEmbedding);
            for (int i = 0; i < blocks.Length; i++)
            {
                Compare($"{prefix}.tokens_proj.block{blocks[i]}", clip.Vision.Project(encoding.Stages[i].Tokens));
            }
        }

        Assert.Empty(expected.Keys.Except(compared));

        void Compare(string name, Tensor actual)
        {
            Goldens.Close(name, expected[name], actual, tolerance);
            compared.Add(name);
        }
    }
}
