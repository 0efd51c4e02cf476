namespace MfpClip.Backbones.Cnn;

/// <summary>EfficientNet-Lite0 (tensorflow/tpu, efficientnet/lite) as a list of convolutions, each followed by a batch norm.</summary>
internal static class EfficientNetLiteLayout
{
    // Blocks of a stage, kernel, expansion, width, stride of the first.
    private static readonly (int Count, int Kernel, int Expansion, int Width, int Stride)[] Stages =
        [(1, 3, 1, 16, 1), (2, 3, 6, 24, 2), (2, 5, 6, 40, 2), (3, 3, 6, 80, 2), (3, 5, 6, 112, 1), (4, 5, 6, 192, 2), (1, 3, 6, 320, 1)];

    /// <summary>Width of the first convolution.</summary>
    public const int StemWidth = 32;

    /// <summary>Width of the last convolution.</summary>
    public const int HeadWidth = 1280;

    /// <summary>All 16 blocks.</summary>
    public static IReadOnlyList<Block> Blocks { get; } = [.. AllBlocks()];

    /// <summary>Every convolution of the stem, of the first <paramref name="blocks"/> blocks and, if asked for, of the head.</summary>
    public static IEnumerable<Convolution> Convolutions(int blocks, bool head)
    {
        yield return new("stem", 3, StemWidth, 3, 2, Depthwise: false, Activated: true);
        foreach (var convolution in Blocks.Take(blocks).SelectMany(b => b.Convolutions))
        {
            yield return convolution;
        }

        if (head)
        {
            yield return new("head", Blocks[^1].Outputs, HeadWidth, 1, 1, Depthwise: false, Activated: true);
        }
    }

    private static IEnumerable<Block> AllBlocks()
    {
        int inputs = StemWidth;
        int index = 0;
        foreach (var (count, kernel, expansion, width, stride) in Stages)
        {
            for (int i = 0; i < count; i++)
            {
                yield return new(index++, inputs, width, kernel, expansion, i == 0 ? stride : 1);
                inputs = width;
            }
        }
    }

    /// <summary>An inverted residual block: expand, depthwise, project, plus its input where size and width stay.</summary>
    internal sealed record Block(int Index, int Inputs, int Outputs, int Kernel, int Expansion, int Stride)
    {
        /// <summary>Whether the input is added to the output.</summary>
        public bool HasSkip => Stride == 1 && Inputs == Outputs;

        /// <summary>Its convolutions in order.</summary>
        public IEnumerable<Convolution> Convolutions
        {
            get
            {
                int wide = Inputs * Expansion;
                if (Expansion > 1)
                {
                    yield return new($"blocks.{Index}.expand", Inputs, wide, 1, 1, Depthwise: false, Activated: true);
                }

                yield return new($"blocks.{Index}.depthwise", wide, wide, Kernel, Stride, Depthwise: true, Activated: true);
                yield return new($"blocks.{Index}.project", wide, Outputs, 1, 1, Depthwise: false, Activated: false);
            }
        }
    }

    /// <summary>One convolution without bias, its batch norm, and ReLU6 where <paramref name="Activated"/>.</summary>
    internal sealed record Convolution(string Name, int Inputs, int Outputs, int Kernel, int Stride, bool Depthwise, bool Activated)
    {
        /// <summary>Shape of the weight.</summary>
        public long[] Shape => [Outputs, Depthwise ? 1 : Inputs, Kernel, Kernel];
    }
}
