namespace MfpClip.Backbones.Cnn;

/// <summary>The shape of a residual network as a list of convolutions, each with its batch norm, under torchvision's names.</summary>
internal static class ResNetLayout
{
    /// <summary>Blocks of each of the four stages.</summary>
    public static IReadOnlyList<int> Blocks(ResNetArchitecture architecture) => architecture switch
    {
        ResNetArchitecture.ResNet18 => [2, 2, 2, 2],
        ResNetArchitecture.ResNet50 => [3, 4, 6, 3],
        _ => throw new ArgumentOutOfRangeException(nameof(architecture)),
    };

    /// <summary>Whether blocks are bottlenecks (1x1, 3x3, 1x1) rather than two 3x3.</summary>
    public static bool IsBottleneck(ResNetArchitecture architecture) => architecture == ResNetArchitecture.ResNet50;

    /// <summary>Width of each level's map: stem and four stages.</summary>
    public static IReadOnlyList<int> LevelDims(ResNetArchitecture architecture)
    {
        var expansion = IsBottleneck(architecture) ? 4 : 1;
        return [64, 64 * expansion, 128 * expansion, 256 * expansion, 512 * expansion];
    }

    /// <summary>Every convolution: its name, the name of its batch norm, sizes.</summary>
    public static IEnumerable<Convolution> Convolutions(ResNetArchitecture architecture)
    {
        yield return new("conv1", "bn1", 3, 64, Kernel: 7, Stride: 2);
        var bottleneck = IsBottleneck(architecture);
        var inputs = 64;
        for (var stage = 1; stage <= 4; stage++)
        {
            var width = 32 << stage;
            var outputs = bottleneck ? 4 * width : width;
            for (var block = 0; block < Blocks(architecture)[stage - 1]; block++)
            {
                var name = $"layer{stage}.{block}";
                var stride = stage > 1 && block == 0 ? 2 : 1;
                if (bottleneck)
                {
                    // The stride sits on the 3x3 convolution, as torchvision has it (ResNet v1.5).
                    yield return new($"{name}.conv1", $"{name}.bn1", inputs, width, Kernel: 1, Stride: 1);
                    yield return new($"{name}.conv2", $"{name}.bn2", width, width, Kernel: 3, stride);
                    yield return new($"{name}.conv3", $"{name}.bn3", width, outputs, Kernel: 1, Stride: 1);
                }
                else
                {
                    yield return new($"{name}.conv1", $"{name}.bn1", inputs, width, Kernel: 3, stride);
                    yield return new($"{name}.conv2", $"{name}.bn2", width, width, Kernel: 3, Stride: 1);
                }

                if (stride != 1 || inputs != outputs)
                {
                    yield return new($"{name}.downsample.0", $"{name}.downsample.1", inputs, outputs, Kernel: 1, stride);
                }

                inputs = outputs;
            }
        }
    }

    /// <summary>One convolution without bias, followed by a batch norm.</summary>
    internal sealed record Convolution(string Name, string Norm, int Inputs, int Outputs, int Kernel, int Stride)
    {
        /// <summary>Shape of the weight.</summary>
        public long[] Shape => [Outputs, Inputs, Kernel, Kernel];

        /// <summary>Zeros around the input, so that stride 1 keeps the size.</summary>
        public int Padding => Kernel / 2;
    }
}
