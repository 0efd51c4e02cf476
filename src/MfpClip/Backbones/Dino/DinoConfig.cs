using System.Text.Json.Serialization;
using MfpClip.Kernels;

namespace MfpClip.Backbones.Dino;

/// <summary>Sizes of a DINOv2 vision transformer (facebookresearch/dinov2, dinov2/models/vision_transformer.py).</summary>
public sealed record DinoConfig
{
    /// <summary>Width D of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks L.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads; must divide the width.</summary>
    public required int Heads { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    /// <value>Default 14.</value>
    public int PatchSize { get; init; } = 14;

    /// <summary>Side in pixels of the square images of the last training phase; the position table belongs to it.</summary>
    /// <value>Default 518.</value>
    public int ImageSize { get; init; } = 518;

    /// <summary>Register tokens between class token and patches; they have no position.</summary>
    /// <value>Default 0; 4 in the published models that have them.</value>
    public int Registers { get; init; }

    /// <summary>Whether the feed-forward layer is SwiGLU (the giant model) rather than an MLP with exact GELU.</summary>
    public bool SwiGlu { get; init; }

    /// <summary>Epsilon of every layer norm.</summary>
    /// <value>Default 1e-6.</value>
    public double LayerNormEps { get; init; } = 1e-6;

    /// <summary>Width between the two layers of the feed-forward network: 4 D, or two thirds of it rounded up to a multiple of 8 with SwiGLU.</summary>
    [JsonIgnore]
    public int HiddenWidth => SwiGlu ? ((Width * 4 * 2 / 3) + 7) / 8 * 8 : 4 * Width;

    internal MlpActivation Activation => SwiGlu ? MlpActivation.SwiGlu : MlpActivation.Gelu;

    /// <summary>Every size that makes no model.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (var (name, value, least, most) in new[]
        {
            ("width", Width, 1, 16384), ("number of blocks", Layers, 1, 512), ("number of heads", Heads, 1, 1024), ("patch", PatchSize, 1, 1024),
            ("image size", ImageSize, PatchSize, 16384), ("number of registers", Registers, 0, 1024),
        })
        {
            if (value < least || value > most)
            {
                yield return $"DINOv2: the {name} is {value}; it must be from {least} to {most}.";
            }
        }

        if (Heads > 0 && Width % Heads != 0)
        {
            yield return $"DINOv2: the width {Width} is no multiple of its {Heads} heads.";
        }

        if (!(LayerNormEps is > 0 and < 0.1))
        {
            yield return FormattableString.Invariant($"DINOv2: the epsilon of the layer norms is {LayerNormEps}; it must be above 0 and below 0.1.");
        }
    }
}
