using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Kernels;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>The tiny CLIP model beside a method's goldens.</summary>
internal static class GoldenClip
{
    /// <summary>Sizes in open_clip's form; heads stand beside it in the manifests.</summary>
    public static ClipConfig Config(JsonElement model, MlpActivation activation)
    {
        var config = model.GetProperty("config");
        var (vision, text) = (config.GetProperty("vision_cfg"), config.GetProperty("text_cfg"));
        return new()
        {
            EmbedDim = Int(config, "embed_dim"),
            Activation = activation,
            LayerNormEps = model.GetProperty("layer_norm_eps").GetDouble(),
            Vision = new()
            {
                ImageSize = Int(vision, "image_size"), PatchSize = Int(vision, "patch_size"), Width = Int(vision, "width"), Layers = Int(vision, "layers"),
                Heads = Int(model, "vision_heads"),
            },
            Text = new()
            {
                ContextLength = Int(text, "context_length"), VocabSize = Int(text, "vocab_size"), Width = Int(text, "width"), Layers = Int(text, "layers"),
                Heads = Int(text, "heads"),
            },
        };
    }

    private static int Int(JsonElement e, string name) => e.GetProperty(name).GetInt32();
}
