using System.ComponentModel.DataAnnotations;
using MfpClip.Diagnostics;

namespace MfpClip.Modules.ImageToText;

/// <summary>Ways of bringing the image into the text embeddings.</summary>
public enum ImageToTextVariant
{
    /// <summary>Prompt tokens made from the image stand before the template; the text tower runs for every image. The default (reconstructed).</summary>
    Prepend,

    /// <summary>
    /// A linear map of the image's feature is added to the template's embedding; the text tower runs once for each class name (reconstructed).
    /// </summary>
    Residual,

    /// <summary>Templates only: the ablation's "without I2TP".</summary>
    Off,
}

/// <summary>Settings of the image-to-text prompt, I2TP. Immutable.</summary>
public sealed record ImageToTextPromptOptions
{
    /// <summary>How the image enters the text.</summary>
    /// <value>Default <see cref="ImageToTextVariant.Prepend"/>.</value>
    public ImageToTextVariant Variant { get; init; } = ImageToTextVariant.Prepend;

    /// <summary>Number of prompt tokens n_t of <see cref="ImageToTextVariant.Prepend"/>.</summary>
    /// <value>Default 4 (reconstructed).</value>
    [Range(1, 64)]
    public int TokenCount { get; init; } = 4;

    /// <summary>Width of the hidden layer where the projection of <see cref="ImageToTextVariant.Prepend"/> is a two-layer perceptron.</summary>
    /// <value>Default <see langword="null"/>: one linear layer.</value>
    [Range(1, 65536)]
    public int? HiddenWidth { get; init; }

    /// <summary>Weight alpha of the image in <see cref="ImageToTextVariant.Residual"/>.</summary>
    /// <value>Default 0.1 (reconstructed).</value>
    public double Alpha { get; init; } = 0.1;

    /// <summary>Seed of the initialization.</summary>
    /// <value>Default 0.</value>
    public long Seed { get; init; }

    /// <summary>Every fault of these settings for a model of that size.</summary>
    internal IEnumerable<string> Faults(ModuleDimensions dimensions)
    {
        foreach (string fault in OptionRanges.Faults(this, "I2TP"))
        {
            yield return fault;
        }

        if (!Enum.IsDefined(Variant))
        {
            yield return $"I2TP: unknown variant {(int)Variant}; choose {string.Join(", ", Enum.GetNames<ImageToTextVariant>())}.";
        }

        if (Variant != ImageToTextVariant.Off && dimensions.FeatureDim < 1)
        {
            yield return $"I2TP: variant {Variant} reads CNN features, but there is no CNN; add one or choose {ImageToTextVariant.Off}.";
        }

        if (Variant == ImageToTextVariant.Prepend && TokenCount > dimensions.ContextLength - 3)
        {
            yield return $"I2TP: {nameof(TokenCount)} is {TokenCount}; it must be at most {dimensions.ContextLength - 3}, so that {dimensions.ContextLength} "
                + $"positions leave room for the template.";
        }

        if (!double.IsFinite(Alpha))
        {
            yield return $"I2TP: {nameof(Alpha)} must be a finite number.";
        }
    }
}
