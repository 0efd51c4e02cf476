using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>
/// The shape of a residual network as a list of convolutions, each with its batch norm, under torchvision's names: of a named architecture, or as a file's
/// tensors have it (torchvision/models/resnet.py).
/// </summary>
internal sealed record ResNetLayout
{
    private const int MostBlocks = 512, MostChannels = 1 << 16;

    /// <summary>The architecture that has this shape; <see langword="null"/>: no published one.</summary>
    public ResNetArchitecture? Named { get; private init; }

    /// <summary>Blocks of each stage: four, or fewer where a file ends earlier.</summary>
    public required IReadOnlyList<int> Blocks { get; init; }

    /// <summary>Whether blocks are bottlenecks (1x1, 3x3, 1x1) rather than two 3x3.</summary>
    public required bool IsBottleneck { get; init; }

    /// <summary>Width of each level's map: stem and stages.</summary>
    public required IReadOnlyList<int> LevelDims { get; init; }

    /// <summary>Every convolution: its name, the name of its batch norm, sizes.</summary>
    public required IReadOnlyList<Convolution> Convolutions { get; init; }

    /// <summary>Name for descriptions and messages.</summary>
    public string Name => Named is { } architecture ? NameOf(architecture)
        : $"residual network of {(IsBottleneck ? "bottleneck" : "basic")} blocks ({string.Join(", ", Blocks)}), widths {string.Join(", ", LevelDims)}";

    /// <summary>Name as its paper writes it.</summary>
    public static string NameOf(ResNetArchitecture architecture) => architecture switch
    {
        ResNetArchitecture.WideResNet50 => "WideResNet-50-2",
        ResNetArchitecture.WideResNet101 => "WideResNet-101-2",
        _ => $"ResNet-{architecture.ToString()["ResNet".Length..]}",
    };

    /// <summary>The shape of a published architecture.</summary>
    public static ResNetLayout Of(ResNetArchitecture architecture)
    {
        var (blocks, bottleneck, widen) = architecture switch
        {
            ResNetArchitecture.ResNet18 => (new[] { 2, 2, 2, 2 }, false, 1),
            ResNetArchitecture.ResNet34 => ([3, 4, 6, 3], false, 1),
            ResNetArchitecture.ResNet50 => ([3, 4, 6, 3], true, 1),
            ResNetArchitecture.ResNet101 => ([3, 4, 23, 3], true, 1),
            ResNetArchitecture.WideResNet50 => ([3, 4, 6, 3], true, 2),
            ResNetArchitecture.WideResNet101 => ([3, 4, 23, 3], true, 2),
            _ => throw new ArgumentOutOfRangeException(nameof(architecture)),
        };
        return Build(64, bottleneck, blocks, (stage, _) => (widen * (32 << stage), (bottleneck ? 4 : 1) * (32 << stage), 1), (_, _) => false)
            with { Named = architecture };
    }

    /// <summary>Whether a file holds a residual network.</summary>
    public static bool IsIn(IWeightFile file) =>
        file.Tensors.ContainsKey("conv1.weight") && file.Tensors.ContainsKey("bn1.weight") && file.Tensors.ContainsKey("layer1.0.conv1.weight");

    /// <summary>The shape that a file's tensors have; what does not fit it shows when its tensors are checked.</summary>
    /// <exception cref="WeightsException">They make no residual network; says what was found.</exception>
    public static ResNetLayout Read(IWeightFile file)
    {
        if (!IsIn(file))
        {
            throw new WeightsException(file.Path, "it is no residual network (ResNet) under torchvision's names: 'conv1.weight', 'bn1.weight' and "
                + $"'layer1.0.conv1.weight' are not all in it. Found: {string.Join(", ", file.Tensors.Keys.Order(StringComparer.Ordinal).Take(6))}"
                + $"{(file.Tensors.Count > 6 ? $" and {file.Tensors.Count - 6} more" : string.Empty)}.");
        }

        bool bottleneck = file.Tensors.ContainsKey("layer1.0.conv3.weight");
        var blocks = new List<int>();
        while (blocks.Count < 4 && Count(file, blocks.Count + 1) is > 0 and var count)
        {
            blocks.Add(count);
        }

        var found = Build(Shape(file, "conv1", 0), bottleneck, blocks, (stage, block) =>
        {
            string name = $"layer{stage}.{block}";
            int width = Shape(file, $"{name}.conv1", 0), inputs = Shape(file, $"{name}.conv2", 1);
            return (width, Shape(file, bottleneck ? $"{name}.conv3" : $"{name}.conv2", 0), width % inputs == 0 ? width / inputs : 1);
        }, (stage, block) => file.Tensors.ContainsKey($"layer{stage}.{block}.downsample.0.weight"));
        return found with
        {
            Named = Enum.GetValues<ResNetArchitecture>().Where(a => a != ResNetArchitecture.FromFile)
                .Where(a => Of(a).Convolutions.SequenceEqual(found.Convolutions)).Select(a => (ResNetArchitecture?)a).FirstOrDefault(),
        };
    }

    private static int Count(IWeightFile file, int stage)
    {
        int count = 0;
        while (count < MostBlocks && file.Tensors.ContainsKey($"layer{stage}.{count}.conv1.weight"))
        {
            count++;
        }

        return count;
    }

    private static int Shape(IWeightFile file, string convolution, int axis) => file.Tensors.TryGetValue($"{convolution}.weight", out var found)
        && found.Shape is { Count: 4 } shape && shape[axis] is > 0 and <= MostChannels ? (int)shape[axis] : throw new WeightsException(
            file.Path, $"it is no residual network: '{convolution}.weight' is "
                + $"{(found is null ? "missing" : $"[{string.Join(", ", found.Shape)}], not the kernel of a convolution")}.");

    // Of each block: width between its convolutions, width of its output, groups of its 3x3 convolution; and whether a shortcut is projected without need.
    private static ResNetLayout Build(
        int stem, bool bottleneck, IReadOnlyList<int> blocks, Func<int, int, (int Width, int Outputs, int Groups)> sizes, Func<int, int, bool> projected)
    {
        var all = new List<Convolution> { new("conv1", "bn1", 3, stem, Kernel: 7, Stride: 2) };
        var levels = new List<int> { stem };
        int inputs = stem;
        for (int stage = 1; stage <= blocks.Count; stage++)
        {
            for (int block = 0; block < blocks[stage - 1]; block++)
            {
                var (width, outputs, groups) = sizes(stage, block);
                string name = $"layer{stage}.{block}";
                int stride = stage > 1 && block == 0 ? 2 : 1;
                if (bottleneck)
                {
                    // The stride sits on the 3x3 convolution, as torchvision has it (ResNet v1.5).
                    all.Add(new($"{name}.conv1", $"{name}.bn1", inputs, width, Kernel: 1, Stride: 1));
                    all.Add(new($"{name}.conv2", $"{name}.bn2", width, width, Kernel: 3, stride, groups));
                    all.Add(new($"{name}.conv3", $"{name}.bn3", width, outputs, Kernel: 1, Stride: 1));
                }
                else
                {
                    all.Add(new($"{name}.conv1", $"{name}.bn1", inputs, width, Kernel: 3, stride));
                    all.Add(new($"{name}.conv2", $"{name}.bn2", width, outputs, Kernel: 3, Stride: 1));
                }

                if (stride != 1 || inputs != outputs || projected(stage, block))
                {
                    all.Add(new($"{name}.downsample.0", $"{name}.downsample.1", inputs, outputs, Kernel: 1, stride));
                }

                inputs = outputs;
            }

            levels.Add(inputs);
        }

        return new() { Blocks = [.. blocks], IsBottleneck = bottleneck, LevelDims = levels, Convolutions = all };
    }

    /// <summary>One convolution without bias, followed by a batch norm.</summary>
    internal sealed record Convolution(string Name, string Norm, int Inputs, int Outputs, int Kernel, int Stride, int Groups = 1)
    {
        /// <summary>Shape of the weight.</summary>
        public long[] Shape => [Outputs, Inputs / Groups, Kernel, Kernel];

        /// <summary>Zeros around the input, so that stride 1 keeps the size.</summary>
        public int Padding => Kernel / 2;
    }
}
