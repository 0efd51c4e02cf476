using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>Kernels of EfficientNet-Lite0 with their batch norms folded in.</summary>
internal static class EfficientNetLiteWeights
{
    private const double BatchNormEps = 1e-3;

    /// <summary>Names and shapes of every tensor that the given part of the network has in a file.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Tensors(int blocks, bool head) =>
        EfficientNetLiteLayout.Convolutions(blocks, head).SelectMany(c => FoldedConvolutions.NormParts
            .Select(p => ($"{c.Name}.bn.{p}", new long[] { c.Outputs })).Prepend(($"{c.Name}.conv.weight", c.Shape)));

    /// <summary>Refuses a file that is not the whole network; the classifier may be absent.</summary>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    public static void Check(IWeightFile file)
    {
        ShapeCheck.Require(file, Tensors(EfficientNetLiteLayout.Blocks.Count, head: true), "EfficientNet-Lite0", foreign: n =>
            n is "classifier.weight" or "classifier.bias" || n.EndsWith(".num_batches_tracked", StringComparison.Ordinal));
    }

    /// <summary>Reads and folds. The file was checked.</summary>
    /// <param name="file">Opened file.</param>
    /// <param name="prefix">What stands before every name, for files that hold more than this network.</param>
    /// <param name="blocks">Number of blocks wanted.</param>
    /// <param name="head">Whether the last convolution is wanted.</param>
    /// <exception cref="WeightsException">Values are not finite.</exception>
    public static Dictionary<string, (Tensor Weight, Tensor Bias)> Read(IWeightFile file, string prefix, int blocks, bool head) =>
        FoldedConvolutions.Read(
            file,
            EfficientNetLiteLayout.Convolutions(blocks, head).Select(c => (c.Name, $"{prefix}{c.Name}.conv.weight", $"{prefix}{c.Name}.bn")),
            BatchNormEps);

    /// <summary>The same tensors with random values under their file names: He-normal kernels, neutral batch norms. For tests and dry runs.</summary>
    public static IEnumerable<KeyValuePair<string, Tensor>> Random(int blocks, bool head, long seed)
    {
        var start = new ParameterInitializer(seed);
        foreach (var c in EfficientNetLiteLayout.Convolutions(blocks, head))
        {
            double fan = (double)(c.Depthwise ? 1 : c.Inputs) * c.Kernel * c.Kernel;
            yield return new($"{c.Name}.conv.weight", start.Normal($"cnn.{c.Name}", Math.Sqrt((c.Activated ? 2.0 : 1.0) / fan), c.Shape));
            foreach (string part in FoldedConvolutions.NormParts)
            {
                yield return new($"{c.Name}.bn.{part}", part is "weight" or "running_var" ? torch.ones(c.Outputs) : torch.zeros(c.Outputs));
            }
        }
    }
}
