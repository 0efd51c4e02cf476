using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Execution;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>
/// I2TP, variant <c>residual</c> (docs/method.md section 2, reconstructed): <c>t_s' = normalise(t_s + alpha (W_r f + b_r))</c>. The text tower
/// runs once for each class name; an image costs one small matrix product.
/// </summary>
/// <remarks>W_r and b_r start at zero, so that an untrained module leaves the template's embeddings as they are (reconstructed).</remarks>
internal sealed class ResidualImageToTextPrompt : WeightedModule, IImageToTextPrompt
{
    private readonly double _alpha;

    public ResidualImageToTextPrompt(ImageToTextPromptOptions options, ModuleDimensions dimensions)
    {
        _alpha = options.Alpha;
        Parameters.Add("residual.weight", torch.zeros(dimensions.EmbedDim, dimensions.FeatureDim, dtype: ScalarType.Float32));
        Parameters.Add("residual.bias", torch.zeros(dimensions.EmbedDim, dtype: ScalarType.Float32));
    }

    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.CnnFeatures;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "i2tp";

    /// <inheritdoc/>
    public Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var scope = torch.NewDisposeScope();
        var r = Parameters.Linear("residual", Enter(image.Cnn.Pooled)).unsqueeze(1); // [B, 1, C]
        var t = Enter(states.Embeddings).unsqueeze(0) + (_alpha * r); // [B, 2, C]
        return UnitVectors.Normalize(t).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "image-to-text prompt (I2TP)",
        Component = "residual",
        Options = new Dictionary<string, string> { ["alpha"] = Text($"{_alpha}") },
    };
}
