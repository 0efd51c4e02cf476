namespace MfpClip.Backbones.Cnn;

/// <summary>Settings of EfficientNet-Lite0 as the frozen CNN that prompts the towers. Immutable.</summary>
/// <remarks>F = 1280; levels are the outputs of blocks 0, 2, 4, 10 and 15 (strides 2, 4, 8, 16, 32; widths 16, 24, 40, 112, 320).</remarks>
public sealed record EfficientNetLiteOptions
{
    /// <summary>
    /// Safetensors with the network's tensors under their own names (catalogue model <c>efficientnet-lite0</c>); the classifier is ignored.
    /// </summary>
    /// <value>Default <see langword="null"/>: then <see cref="RandomSeed"/> must be given.</value>
    public string? WeightsPath { get; init; }

    /// <summary>Seed of random weights, for tests and dry runs only: such a CNN sees nothing useful.</summary>
    /// <value>Default <see langword="null"/>: weights must come from a file.</value>
    public long? RandomSeed { get; init; }

    /// <summary>Side in pixels to which images are brought before the network reads them; smaller is faster.</summary>
    /// <value>Default <see langword="null"/>: the detector's own size. The network was trained at 224.</value>
    public int? InputSize { get; init; }

    /// <summary>Every fault of these settings.</summary>
    internal IEnumerable<string> Faults()
    {
        if (WeightsPath is null == RandomSeed is null)
        {
            yield return WeightsPath is null
                ? $"CNN: no weights. Name a file in {nameof(WeightsPath)}, or ask for random weights explicitly with {nameof(RandomSeed)}."
                : $"CNN: both {nameof(WeightsPath)} and {nameof(RandomSeed)} are given; choose one.";
        }

        if (InputSize is < 32 or > 8192)
        {
            yield return $"CNN: {nameof(InputSize)} is {InputSize}; it must be from 32 to 8192 pixels.";
        }
    }
}
