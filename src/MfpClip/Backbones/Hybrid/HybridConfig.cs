using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Clip.Loading;
using MfpClip.Files;
using MfpClip.Kernels;

namespace MfpClip.Backbones.Hybrid;

/// <summary>Sizes of a small CLIP whose vision tower stands on the frozen stages of EfficientNet-Lite0.</summary>
public sealed record HybridConfig
{
    /// <summary>Width C of the joint space.</summary>
    public int EmbedDim { get; init; } = 64;

    /// <summary>Vision tower.</summary>
    public HybridVisionConfig Vision { get; init; } = new();

    /// <summary>Text tower, of CLIP's own form.</summary>
    public ClipTextConfig Text { get; init; } = new() { VocabSize = 49408, Width = 64, Layers = 3, Heads = 2 };

    /// <summary>Activation of the text tower.</summary>
    public MlpActivation Activation { get; init; } = MlpActivation.QuickGelu;

    /// <summary>Epsilon of every layer norm.</summary>
    public double LayerNormEps { get; init; } = 1e-5;

    internal ClipConfig Clip => new()
    {
        EmbedDim = EmbedDim, Activation = Activation, LayerNormEps = LayerNormEps, Text = Text,
        Vision = new()
        {
            ImageSize = Vision.ImageSize, PatchSize = HybridVisionConfig.PatchSize, Width = Vision.Width, Layers = Vision.Layers, Heads = Vision.Heads,
        },
    };

    /// <summary>As the metadata of weight files holds it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="WeightsException">It cannot be read, or says sizes that make no model.</exception>
    internal static HybridConfig Parse(string path, string json)
    {
        try
        {
            var config = JsonSerializer.Deserialize<HybridConfig>(json, Json) ?? throw new JsonException("it is null");
            if (config.Vision is null || config.Text is null)
            {
                throw new JsonException("a tower is null");
            }

            config.Check(path);
            return config;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new WeightsException(path, $"the model configuration in its metadata cannot be read ({e.Message}).", e);
        }
    }

    internal void Check(string path)
    {
        ClipConfigResolution.Check(path, Clip);
        var v = Vision;
        if (v.Maps().Count == 0 || v.PooledGrid is < 1 or > 64 || v.PositionGrid is < 1 or > 256 || v.Kernel is < 1 or > 31 || v.Kernel % 2 == 0
            || (!v.FixedStatistics && !v.WithinImage) || !(v.MlpRatio is > 0 and <= 16) || !(v.Clip is > 0 and <= 1000))
        {
            throw new WeightsException(path, "the configuration of the vision tower is wrong: pooled grid 1 to 64, position grid 1 to 256, odd kernel up to "
                + "31, MLP ratio up to 16, at least one way of standardising.");
        }
    }

    private static JsonSerializerOptions Json { get; } = new()
    {
        TypeInfoResolver = ReflectedJson.Resolver,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };
}

/// <summary>Sizes and switches of the hybrid vision tower.</summary>
public sealed record HybridVisionConfig
{
    /// <summary>Side of a patch in pixels.</summary>
    public const int PatchSize = 8;

    /// <summary>Side in pixels of the images it was trained on.</summary>
    public int ImageSize { get; init; } = 320;

    /// <summary>Width D of a token.</summary>
    public int Width { get; init; } = 96;

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 3;

    /// <summary>Width of a block's MLP over that of a token.</summary>
    public double MlpRatio { get; init; } = 2;

    /// <summary>Side of the grid of pooled patches that every token attends to, besides class and prompt tokens.</summary>
    public int PooledGrid { get; init; } = 8;

    /// <summary>Side of the position table; it is interpolated to the grid of the input.</summary>
    public int PositionGrid { get; init; } = 10;

    /// <summary>Side of the depthwise convolution in each block.</summary>
    public int Kernel { get; init; } = 5;

    /// <summary>Whether features standardised by fixed statistics enter.</summary>
    public bool FixedStatistics { get; init; } = true;

    /// <summary>Whether features standardised within the image enter: the image compared with itself.</summary>
    public bool WithinImage { get; init; } = true;

    /// <summary>Whether the distance to the image's nearest own patches (mean of the nearest 1, 5 and 20 % at stride 16) enters.</summary>
    public bool NearestPatches { get; init; }

    /// <summary>Whether the network also reads the image at half size: strides 16 and 32.</summary>
    public bool HalfSize { get; init; } = true;

    /// <summary>Standardised values are clipped at plus and minus this.</summary>
    public double Clip { get; init; } = 6;

    /// <summary>The frozen maps that enter, in order.</summary>
    internal IReadOnlyList<HybridMap> Maps() =>
    [
        new("s4", 24, 2, 8), new("s8", 40, 1, 8), new("s16", 112, 1, 16),
        .. HalfSize ? (HybridMap[])[new("h16", 40, 1, 16), new("h32", 112, 1, 32)] : [],
    ];
}

/// <summary>A frozen map: its name, its channels, how many poolings of it enter (mean alone, or mean and maximum), and the pixels of
/// the image for each cell of it as it enters.</summary>
internal readonly record struct HybridMap(string Name, int Channels, int Poolings, int Stride)
{
    /// <summary>Channels as they enter.</summary>
    public int Inputs => Channels * Poolings;
}
