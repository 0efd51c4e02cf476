using MfpClip.Kernels;

namespace MfpClip.Backbones.Clip;

/// <summary>Sizes of published CLIP models. Any other size is a <see cref="ClipConfig"/> of its own.</summary>
public static class ClipPresets
{
    /// <summary>OpenAI ViT-L/14@336: the paper's backbone.</summary>
    public static ClipConfig ViTL14At336 { get; } = Create(768, 336, 14, 1024, 24, 16, 768, 12);

    /// <summary>OpenAI ViT-L/14.</summary>
    public static ClipConfig ViTL14 { get; } = Create(768, 224, 14, 1024, 24, 16, 768, 12);

    /// <summary>OpenAI ViT-B/16.</summary>
    public static ClipConfig ViTB16 { get; } = Create(512, 224, 16, 768, 12, 12, 512, 8);

    /// <summary>OpenAI ViT-B/32.</summary>
    public static ClipConfig ViTB32 { get; } = Create(512, 224, 32, 768, 12, 12, 512, 8);

    /// <summary>open_clip ViT-B/32 trained on LAION: B/32 with exact GELU.</summary>
    public static ClipConfig LaionViTB32 { get; } = ViTB32 with { Activation = MlpActivation.Gelu };

    /// <summary>open_clip ViT-B/16-plus at 240 pixels, trained on LAION-400M with exact GELU: WinCLIP's backbone.</summary>
    public static ClipConfig LaionViTB16Plus240 { get; } = Create(640, 240, 16, 896, 12, 14, 640, 10) with { Activation = MlpActivation.Gelu };

    /// <summary>TinyCLIP ViT-8M/16 Text-3M.</summary>
    public static ClipConfig TinyClip8M { get; } = Create(512, 224, 16, 256, 10, 4, 256, 3);

    private static ClipConfig Create(int embed, int image, int patch, int width, int layers, int heads, int textWidth, int textHeads) => new()
    {
        EmbedDim = embed,
        Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = image, PatchSize = patch, Width = width, Layers = layers, Heads = heads },
        Text = new() { VocabSize = 49408, Width = textWidth, Layers = textWidth == 256 ? 3 : 12, Heads = textWidth == 256 ? 4 : textHeads },
    };
}
