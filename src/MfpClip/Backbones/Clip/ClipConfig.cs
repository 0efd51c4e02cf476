using MfpClip.Kernels;

namespace MfpClip.Backbones.Clip;

/// <summary>Sizes of a CLIP model of OpenAI's family (vision transformer and text transformer).</summary>
public sealed record ClipConfig
{
    /// <summary>Width C of the joint space.</summary>
    public required int EmbedDim { get; init; }

    /// <summary>Vision tower.</summary>
    public required ClipVisionConfig Vision { get; init; }

    /// <summary>Text tower.</summary>
    public required ClipTextConfig Text { get; init; }

    /// <summary>Activation of both towers.</summary>
    public required MlpActivation Activation { get; init; }

    /// <summary>Epsilon of every layer norm.</summary>
    /// <value>Default 1e-5.</value>
    public double LayerNormEps { get; init; } = 1e-5;
}

/// <summary>Sizes of the vision transformer.</summary>
public sealed record ClipVisionConfig
{
    /// <summary>Side in pixels of the square images it was trained on; the position table belongs to it.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Width D of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks L.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads; must divide the width.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of the MLP over the width of a token.</summary>
    public double MlpRatio { get; init; } = 4;
}

/// <summary>Sizes of the text transformer.</summary>
public sealed record ClipTextConfig
{
    /// <summary>Number of positions.</summary>
    public int ContextLength { get; init; } = 77;

    /// <summary>Number of tokens; the last two are start and end of text.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads; must divide the width.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of the MLP over the width of a token.</summary>
    public double MlpRatio { get; init; } = 4;
}
