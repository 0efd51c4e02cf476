namespace MfpClip.Backbones.Dino;

/// <summary>Sizes of the published DINOv2 models (arXiv 2304.07193, table 17), with and without registers (arXiv 2309.16588).</summary>
public static class DinoPresets
{
    /// <summary>ViT-S/14, 21 million parameters.</summary>
    public static DinoConfig Small { get; } = new() { Width = 384, Layers = 12, Heads = 6 };

    /// <summary>ViT-B/14, 86 million parameters.</summary>
    public static DinoConfig Base { get; } = new() { Width = 768, Layers = 12, Heads = 12 };

    /// <summary>ViT-L/14, 300 million parameters.</summary>
    public static DinoConfig Large { get; } = new() { Width = 1024, Layers = 24, Heads = 16 };

    /// <summary>ViT-g/14 with SwiGLU, 1,100 million parameters.</summary>
    public static DinoConfig Giant { get; } = new() { Width = 1536, Layers = 40, Heads = 24, SwiGlu = true };

    /// <summary>The same model with the four registers of the published variants.</summary>
    public static DinoConfig WithRegisters(DinoConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config with { Registers = 4 };
    }
}
