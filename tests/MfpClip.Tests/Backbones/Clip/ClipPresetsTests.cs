using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Clip.Loading;

namespace MfpClip.Tests.Backbones.Clip;

public sealed class ClipPresetsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Sizes as open_clip's model_configs print them; heads of the vision tower are 64 wide where a file does not say otherwise.
    [Theory]
    [InlineData(640, 240, 12, 896, 16, 640, 10, 14)]
    [InlineData(512, 224, 12, 768, 32, 512, 8, 12)]
    public void An_open_clip_configuration_gives_the_preset(
        int embed, int image, int layers, int width, int patch, int textWidth, int textHeads, int visionHeads)
    {
        File.WriteAllText(Path.Combine(_folder, "open_clip_config.json"), $$"""
            { "model_cfg": { "embed_dim": {{embed}}, "vision_cfg": { "image_size": {{image}}, "layers": {{layers}},
              "width": {{width}}, "patch_size": {{patch}} },
              "text_cfg": { "context_length": 77, "vocab_size": 49408, "width": {{textWidth}}, "heads": {{textHeads}}, "layers": 12 } },
              "preprocess_cfg": { "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711] } }
            """);

        var read = ClipFiles.ReadConfigNextTo(Path.Combine(_folder, "open_clip_model.safetensors"))!.Config;

        Assert.Equal(visionHeads, read.Vision.Heads);
        Assert.Equal(patch == 16 ? ClipPresets.LaionViTB16Plus240 : ClipPresets.LaionViTB32, read);
    }
}
