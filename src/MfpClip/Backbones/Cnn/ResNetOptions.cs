using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>Residual networks, as torchvision names them.</summary>
public enum ResNetArchitecture
{
    /// <summary>ResNet-18: F = 512, 11 M values.</summary>
    ResNet18,

    /// <summary>ResNet-50: F = 2048, 24 M values. The default (reconstructed: the paper says only "CNN").</summary>
    ResNet50,

    /// <summary>ResNet-34: F = 512, 21 M values.</summary>
    ResNet34,

    /// <summary>ResNet-101: F = 2048, 43 M values.</summary>
    ResNet101,

    /// <summary>WideResNet-50-2 (arXiv 1605.07146): F = 2048, 67 M values. The network of PatchCore's published figures.</summary>
    WideResNet50,

    /// <summary>WideResNet-101-2: F = 2048, 125 M values.</summary>
    WideResNet101,

    /// <summary>Whatever residual network the file holds: kind, number and widths of blocks are those of its tensors.</summary>
    FromFile,
}

/// <summary>Settings of the frozen CNN. Immutable.</summary>
public sealed record ResNetOptions
{
    /// <summary>Depth of the network.</summary>
    /// <value>Default <see cref="ResNetArchitecture.ResNet50"/>.</value>
    public ResNetArchitecture Architecture { get; init; } = ResNetArchitecture.ResNet50;

    /// <summary>File with weights named as torchvision names them (ImageNet weights of torchvision or timm).</summary>
    /// <value>Default <see langword="null"/>: then <see cref="RandomSeed"/> must be given.</value>
    public string? WeightsPath { get; init; }

    /// <summary>Seed of random weights, for tests and dry runs only: such a CNN sees nothing useful.</summary>
    /// <value>Default <see langword="null"/>: weights must come from a file.</value>
    public long? RandomSeed { get; init; }

    /// <summary>Settings for a file: the published architecture that its tensors have the shapes of, else <see cref="ResNetArchitecture.FromFile"/>.</summary>
    /// <param name="path">Weights named as torchvision names them; only names and shapes are read.</param>
    /// <exception cref="WeightsException">It cannot be read, or holds no residual network.</exception>
    public static ResNetOptions ForFile(string path)
    {
        using var file = WeightFile.Open(path);
        return new() { WeightsPath = path, Architecture = ResNetLayout.Read(file).Named ?? ResNetArchitecture.FromFile };
    }

    /// <summary>Every fault of these settings.</summary>
    internal IEnumerable<string> Faults()
    {
        if (!Enum.IsDefined(Architecture))
        {
            yield return $"CNN: unknown architecture {(int)Architecture}; choose {string.Join(", ", Enum.GetNames<ResNetArchitecture>())}.";
        }

        if (Architecture == ResNetArchitecture.FromFile && WeightsPath is null)
        {
            yield return $"CNN: {nameof(ResNetArchitecture.FromFile)} needs a file: name it in {nameof(WeightsPath)}, or name the architecture.";
        }

        if (WeightsPath is null == RandomSeed is null)
        {
            yield return WeightsPath is null
                ? $"CNN: no weights. Name a file in {nameof(WeightsPath)}, or ask for random weights explicitly with {nameof(RandomSeed)}."
                : $"CNN: both {nameof(WeightsPath)} and {nameof(RandomSeed)} are given; choose one.";
        }
    }
}
